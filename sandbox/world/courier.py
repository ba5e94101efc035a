"""Carries webhooks to the bot: in order for each provider, with a few retries, beside everything else."""

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import aiohttp

from sandbox.clock import Clock
from sandbox.log import Log
from sandbox.world.webhook import Webhook

ROOM = 1000
PROVIDERS = ("github", "prometheus")
TIMEOUT_SECONDS = 10.0
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds of the sandbox's clock between two attempts."""
NO_INTAKE = 404
FIRST_TO_REPEAT = 500
TOO_MANY = 429
logger = logging.getLogger("sandbox")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How one post ended: the status of the answer, or why there was none."""

    status: int | None
    outcome: str

    @property
    def is_final(self) -> bool:
        return self.status is not None and self.status < FIRST_TO_REPEAT and self.status != TOO_MANY


class Courier:
    """Webhooks that wait, at most 1000 a provider (the oldest give way to new ones), and who carries them.

    Without the bot's address nothing is kept: a system that was not told of a webhook does not send one.
    """

    def __init__(self, clock: Clock, log: Log, bot_url: str | None = None) -> None:
        self._clock, self._log = clock, log
        self._bot_url = bot_url.rstrip("/") if bot_url else None
        self._waiting: dict[str, deque[Webhook]] = {provider: deque() for provider in PROVIDERS}
        self._arrived = {provider: asyncio.Event() for provider in PROVIDERS}
        self._told_of_no_intake = False

    @property
    def bot_url(self) -> str | None:
        """The bot's address without a slash at its end; None where it is not known."""
        return self._bot_url

    @property
    def backlog(self) -> int:
        """How many webhooks wait or are under way."""
        return sum(len(lane) for lane in self._waiting.values())

    def address(self, bot_url: str | None) -> None:
        """Send to this bot from now on, also what waits already."""
        self._bot_url = bot_url.rstrip("/") if bot_url else None
        self._told_of_no_intake = False

    def send(self, *webhooks: Webhook) -> None:
        """Take webhooks to carry; returns at once."""
        for webhook in webhooks:
            if self._bot_url is None:
                self._note(webhook, _Attempt(None, "no_bot_url"), 0, 0.0)
                continue
            lane = self._waiting[webhook.provider]
            if len(lane) >= ROOM:
                self._note(lane[1], _Attempt(None, "dropped"), 0, 0.0)
                del lane[1]  # the first one is under way
            lane.append(webhook)
            self._arrived[webhook.provider].set()

    async def run(self) -> None:
        """Carry until cancelled."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
            await asyncio.gather(*(self._serve(session, provider) for provider in PROVIDERS))

    async def _serve(self, session: aiohttp.ClientSession, provider: str) -> None:
        lane, arrived = self._waiting[provider], self._arrived[provider]
        while True:
            await arrived.wait()
            while lane:
                webhook = lane[0]
                try:
                    await self._carry(session, webhook)
                except Exception:  # the boundary: one webhook must not end all
                    logger.exception("A webhook of the world could not be carried.")
                    self._note(webhook, _Attempt(None, "failed"), 0, 0.0)
                if lane and lane[0] is webhook:
                    lane.popleft()
            arrived.clear()

    async def _carry(self, session: aiohttp.ClientSession, webhook: Webhook) -> None:
        started = time.perf_counter()
        attempt, number = await self._post(session, webhook), 1
        for pause in PAUSES:
            if attempt.is_final:
                break
            await self._clock.sleep(pause)
            attempt, number = await self._post(session, webhook), number + 1
        self._note(webhook, attempt, number, time.perf_counter() - started)

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook) -> _Attempt:
        address = f"{self._bot_url}/webhooks/{webhook.provider}"
        try:
            async with session.post(
                address, data=webhook.body, headers=webhook.headers, allow_redirects=False
            ) as response:
                return _Attempt(response.status, "ok" if response.ok else "refused")
        except TimeoutError:
            return _Attempt(None, "timeout")
        except (aiohttp.ClientError, OSError, ValueError):
            return _Attempt(None, "unreachable")

    def _note(self, webhook: Webhook, attempt: _Attempt, attempts: int, seconds: float) -> None:
        if attempt.status == NO_INTAKE:
            # A bot without an intake would fill the log with the same line.
            if self._told_of_no_intake:
                return
            self._told_of_no_intake = True
        elif attempt.status is not None:
            self._told_of_no_intake = False
        self._log.add(
            "webhook",
            provider=webhook.provider,
            event=webhook.event,
            delivery=webhook.delivery,
            status=attempt.status,
            outcome="no_intake" if attempt.status == NO_INTAKE else attempt.outcome,
            attempts=attempts,
            latency_ms=round(seconds * 1000, 3),
        )
