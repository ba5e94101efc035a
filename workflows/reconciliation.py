"""Finds in the channels' history what was said to us and never reached us.

A Socket Mode connection may stand and deliver nothing, and while no connection stands Slack gives events up after three
tries. So we read the recent history of our channels and threads from time to time; a message to us that has no row in
the inbox is answered as if its event had come, and tells that the sockets are not to be trusted.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from domain.ask import Ask
from domain.card import Place
from domain.chat import ChatBusy, ChatError, ChatMessage, ChatRefused, Identity
from domain.message import SPOKEN_SUBTYPES, addressed_text, message_key
from storage import card as cards
from storage import inbox
from storage.database import UNAVAILABLE
from workflows import conversation
from workflows.services import Services

log = logging.getLogger(__name__)

PRESENCE = "slack"
PERIOD_SECONDS = 20.0
CHANNELS_A_ROUND = 8
THREADS_A_ROUND = 4
THREADS_A_CHANNEL = 4
THREAD_HORIZON_SECONDS = 3600.0
"""So old may the first message of somebody else's thread be for us to notice what is said there."""
CHANNEL_LIST_SECONDS = 300.0
SETTLE_SECONDS = 5.0
"""Younger messages may still be on their way to us as events."""
OVERLAP_SECONDS = 30.0
LONGEST_GAP_SECONDS = 12 * 3600.0
"""We do not answer what is older; within the 24 hours that the inbox remembers."""


class Reconciliation:
    """`on_missed` is told that a message had not reached us while we were here. Times are epoch seconds."""

    def __init__(self, services: Services, identity: Identity, on_missed: Callable[[], None]) -> None:
        self._services = services
        self._identity = identity
        self._on_missed = on_missed
        self._channels: list[str] = []
        self._channels_at = float("-inf")
        self._read_until: dict[str, float] = {}
        self._start = time.time()
        self._born = datetime.now(UTC)
        self._wake = asyncio.Event()
        self._thorough = True

    def request(self) -> None:
        """Look everywhere soon: a connection was lost."""
        self._thorough = True
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self._start = await self._last_presence()
        while True:
            try:
                await self.check()
            except UNAVAILABLE as error:
                log.warning("Reconciliation has to wait for Postgres: %s", error)
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(PERIOD_SECONDS):
                await self._wake.wait()
            # What is being said right now should reach us first.
            await asyncio.sleep(SETTLE_SECONDS)
        except TimeoutError:
            pass
        self._wake.clear()

    async def _last_presence(self) -> float:
        """Since when messages may have been missed; on the first start of all, since now."""
        async with self._services.database.unit_of_work() as session:
            seen = await inbox.find_presence(session, PRESENCE)
        return seen.timestamp() - OVERLAP_SECONDS if seen else time.time()

    async def check(self) -> int:
        """One round; returns how many missed messages it found."""
        thorough, self._thorough = self._thorough, False
        missed: list[Ask] = []
        try:
            await self._look_everywhere(thorough, missed)
        except ChatBusy as busy:
            log.info("Slack asks reconciliation to wait %g s", busy.retry_after)
            self._thorough = self._thorough or thorough
        except ChatError as error:
            log.warning("Reconciliation could not read Slack: %s", error.sentence)
            self._thorough = self._thorough or thorough
        else:
            async with self._services.database.unit_of_work() as session:
                await inbox.touch_presence(session, PRESENCE)
        if missed:
            log.warning("%s messages had not reached us and were found in history", len(missed))
            self._services.measures.reconciled.inc(len(missed))
        if any(ask.said_at > self._born for ask in missed):
            self._on_missed()
        return len(missed)

    async def _look_everywhere(self, thorough: bool, missed: list[Ask]) -> None:
        busy: list[tuple[str, str]] = []
        for channel in await self._due_channels(thorough):
            with _passing_over(channel):
                busy += await self._check_channel(channel, thorough, missed)
        for channel, thread in dict.fromkeys([*busy, *await self._due_threads(thorough)]):
            with _passing_over(channel):
                await self._check_thread(channel, thread, missed)

    async def _due_channels(self, thorough: bool) -> list[str]:
        """All channels when something is known to be missing, otherwise those that were read longest ago."""
        if thorough or time.monotonic() - self._channels_at > CHANNEL_LIST_SECONDS:
            self._channels = await self._services.chat.channels()
            self._channels_at = time.monotonic()
        by_age = sorted(self._channels, key=lambda channel: self._read_until.get(channel, 0.0))
        return by_age if thorough else by_age[:CHANNELS_A_ROUND]

    async def _due_threads(self, thorough: bool) -> list[tuple[str, str]]:
        async with self._services.database.unit_of_work() as session:
            return await cards.list_threads(session, limit=THREADS_A_ROUND * (5 if thorough else 1))

    async def _check_channel(self, channel: str, thorough: bool, missed: list[Ask]) -> list[tuple[str, str]]:
        """Take up what was missed in the channel itself; returns the threads in which something was said."""
        oldest = self._oldest(channel)
        messages = await self._services.chat.history(channel, oldest - thorough * THREAD_HORIZON_SECONDS)
        young = [message for message in messages if float(message.ts) > oldest]
        await self._take_up(channel, young, missed)
        answered = [each for each in messages if each.latest_reply and float(each.latest_reply) > oldest]
        return [(channel, each.ts) for each in answered[-THREADS_A_CHANNEL:]]

    async def _check_thread(self, channel: str, thread: str, missed: list[Ask]) -> None:
        place = f"{channel}:{thread}"
        messages = await self._services.chat.replies(channel, thread, self._oldest(place))
        await self._take_up(place, messages, missed)

    def _oldest(self, place: str) -> float:
        return max(self._read_until.get(place, self._start), time.time() - LONGEST_GAP_SECONDS)

    async def _take_up(self, place: str, messages: list[ChatMessage], missed: list[Ask]) -> None:
        settled = time.time() - SETTLE_SECONDS
        asks = [
            ask
            for message in messages
            if float(message.ts) <= settled and (ask := self._to_ask(message)) is not None
        ]
        async with self._services.database.unit_of_work() as session:
            known = await inbox.known(session, [ask.event_key for ask in asks])
        for ask in asks:
            if ask.event_key not in known:
                await self._answer(ask, missed)
        self._read_until[place] = settled - OVERLAP_SECONDS

    async def _answer(self, ask: Ask, missed: list[Ask]) -> None:
        try:
            if await conversation.receive(self._services, ask):
                missed.append(ask)
        except UNAVAILABLE:
            raise
        except Exception:
            # One message that we stumble over must not hide all the others from us.
            log.exception("A missed message could not be answered", extra={"event_key": ask.event_key})

    def _to_ask(self, message: ChatMessage) -> Ask | None:
        if message.is_bot or message.user is None or message.subtype not in SPOKEN_SUBTYPES:
            return None
        direct = message.channel.startswith("D")
        text = addressed_text(message.text, self._identity.user_id, direct=direct)
        if text is None:
            return None
        key = message_key(message.channel, message.ts)
        return Ask(
            event_key=key,
            person=message.user,
            place=Place(message.channel, message.thread_ts or message.ts),
            text=text,
            correlation_id=f"found-{message.ts}",
            said_at=datetime.fromtimestamp(float(message.ts), UTC),
            spoken=True,
        )


@contextmanager
def _passing_over(channel: str) -> Iterator[None]:
    """A channel that we may not read (we were thrown out, it is gone) does not keep us from the others."""
    try:
        yield
    except ChatRefused as error:
        log.info("Reconciliation passes over %s: %s", channel, error.code)
