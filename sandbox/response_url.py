"""Response URLs: five uses within thirty minutes, for one person in one place."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.identity import TEAM_ID, IdSource

LIFE_SECONDS = 30 * 60.0
USES = 5
KEPT = 5000


class ResponseUrlError(Exception):
    """The address is used up, expired or unknown; the text is Slack's error code."""


@dataclass(slots=True)
class ResponseUrl:
    """One address. `message_ts`: the message whose button made it; `answers`: for whoever waits for one."""

    user: str
    channel: str
    until: float
    message_ts: str | None = None
    uses: int = 0
    answers: asyncio.Queue[dict[str, Any]] = field(default_factory=lambda: asyncio.Queue(USES))


class ResponseUrlBook:
    """The response URLs that were given out, the newest 5,000."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock, self._ids = clock, ids
        self._urls: dict[str, ResponseUrl] = {}

    def issue(
        self, kind: str, user: str, channel: str, message_ts: str | None = None
    ) -> tuple[str, ResponseUrl]:
        """Return a new path (`/commands/…` or `/actions/…`) and what stands behind it."""
        if len(self._urls) >= KEPT:
            self._urls.pop(next(iter(self._urls)))
        path = f"/{kind}/{TEAM_ID}/{self._ids.secret()}"
        url = ResponseUrl(user, channel, self._clock.now() + LIFE_SECONDS, message_ts)
        self._urls[path] = url
        return path, url

    def use(self, path: str) -> ResponseUrl:
        """Use the address once. Raises ResponseUrlError with `no_such_url`, `expired_url` or `used_url`."""
        url = self._urls.get(path)
        if url is None:
            raise ResponseUrlError("no_such_url")
        if url.until < self._clock.now():
            raise ResponseUrlError("expired_url")
        if url.uses >= USES:
            raise ResponseUrlError("used_url")
        url.uses += 1
        return url
