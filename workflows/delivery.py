"""The delivery loop: makes Slack show what the cards want, in order and at Slack's pace.

Each channel is a lane with one worker. A post is recorded before it is made; one whose end is unknown (a crash, a
time-out, a server error) is looked for by its key in the channel's history before it is made again.
"""

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial

from blocks.hush import hush
from blocks.undelivered import parent_deleted_note, undelivered
from domain.card import CardDraft, CardState, Content, Delivery, Place
from domain.chat import ChatBusy, ChatRefused, ChatRevoked, ChatUnavailable, Posted
from storage import card as cards
from storage import outbox as outboxes
from storage.database import UNAVAILABLE
from workflows.priority import give_way
from workflows.services import Services

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LONGEST_YIELD_SECONDS = 0.1
FAULT_PAUSE_SECONDS = 300.0
REVOKED_PAUSE_SECONDS = 30.0
MAX_BACKOFF_SECONDS = 30.0
DEAD_OWNERS_SECONDS = 5.0
PATIENCE = 5
"""After this many attempts in bad weather the other cards of the channel overtake."""
CLOCK_SKEW_SECONDS = 120.0
SETTLE_SECONDS = 2.0
"""A message whose call was cut off may still be on its way into the history; before that nothing is looked for."""

LANE_FAULTS = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "user_not_found",
        "user_disabled",
        "cannot_dm_bot",
        "messages_tab_disabled",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "missing_scope",
        "no_permission",
        "access_denied",
        "ekm_access_denied",
        "team_access_not_granted",
        "external_channel_migrating",
    }
)
GONE = frozenset({"message_not_found"})


class DeliveryLoop:
    """Runs until cancelled; safe to run in several processes on one database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._outbox = services.outbox
        self._wake = asyncio.Event()
        self._lanes: dict[str, asyncio.Task[None]] = {}

    def nudge(self) -> None:
        """Something new may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Claim channels in which something is due and work them off, for ever."""
        try:
            looked_at = float("-inf")
            while True:
                self._wake.clear()
                try:
                    if time.monotonic() - looked_at > DEAD_OWNERS_SECONDS:
                        await self._outbox.release_dead()
                        looked_at = time.monotonic()
                    await self._claim()
                except UNAVAILABLE as error:
                    # The lanes stay: what they are showing in Slack just now is not to be cut.
                    log.warning("The delivery has to wait for Postgres: %s", error)
                await self._rest()
        finally:
            await self._stop()

    async def _claim(self) -> None:
        free = self._services.pace.lanes - len(self._lanes)
        if free <= 0:
            return
        for channel in await self._outbox.claim(list(self._lanes), free):
            task = asyncio.create_task(self._work(channel), name=f"lane {channel}")
            self._lanes[channel] = task
            task.add_done_callback(partial(self._forget, channel))

    def _forget(self, channel: str, _: asyncio.Task[None]) -> None:
        self._lanes.pop(channel, None)
        self._wake.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _stop(self) -> None:
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _take(self, channel: str) -> Delivery | None:
        await give_way(self._services.pace.idle, LONGEST_YIELD_SECONDS)
        return await self._outbox.take(channel)

    async def _work(self, channel: str) -> None:
        """Show what is due in one channel until nothing is, or until the lane has to wait."""
        try:
            while (delivery := await self._take(channel)) is not None:
                pause = await self._show(delivery)
                if pause is None or pause > POLL_SECONDS:
                    break
                if pause > 0:
                    await asyncio.sleep(pause)
        except UNAVAILABLE as error:
            log.warning("The delivery in %s has to wait for Postgres: %s", channel, error)
            await asyncio.sleep(POLL_SECONDS)
        except Exception:
            # The lane is given back and the next claim tries again.
            log.exception("A delivery lane stopped", extra={"channel": channel})
            await asyncio.sleep(POLL_SECONDS)
        finally:
            await self._release(channel)

    async def _release(self, channel: str) -> None:
        try:
            await self._outbox.release(channel)
        except UNAVAILABLE:
            log.warning("A delivery lane could not be given back; its lease will run out: %s", channel)

    async def _show(self, delivery: Delivery) -> float | None:
        """Show one card. Returns how long the lane has to wait, None where that is written in its row."""
        kind = "post" if delivery.ts is None else "update"
        doubt, began = delivery.posting_since is not None, time.monotonic()
        try:
            pause = await (self._post(delivery) if delivery.ts is None else self._update(delivery))
        except ChatBusy as busy:
            self._count(kind, "busy")
            await self._outbox.delay_lane(delivery, busy.retry_after, "ratelimited", in_doubt=doubt)
            return None
        except ChatRevoked as error:
            self._count(kind, "revoked")
            await self._outbox.delay_lane(delivery, REVOKED_PAUSE_SECONDS, error.sentence, in_doubt=doubt)
            return None
        except ChatUnavailable as error:
            self._count(kind, "unavailable")
            return await self._wait_out(delivery, error)
        except ChatRefused as error:
            self._count(kind, "refused")
            return await self._give_up(delivery, error)
        if pause is None:
            self._count(kind, "lost")
            return None
        self._count(kind, "shown")
        waited = (delivery.taken_at - delivery.dirty_at).total_seconds()
        self._services.measures.delivery_seconds.observe(max(0.0, waited) + time.monotonic() - began)
        return pause

    def _count(self, kind: str, outcome: str) -> None:
        self._services.measures.deliveries.labels(kind, outcome).inc()

    async def _post(self, delivery: Delivery) -> float | None:
        """None where the lane was lost to another replica meanwhile."""
        chat, place = self._services.chat, delivery.place
        if place.channel.startswith(("U", "W")):
            place = replace(place, channel=await chat.open_direct(place.channel))
        posted = await self._find(delivery, place)
        found = posted is not None
        if posted is None:
            # Looking may have taken longer than the lease.
            if delivery.posting_since is not None and not await self._outbox.keep(delivery.place.channel):
                return None
            first = delivery.content if place.channel.startswith("D") else hush(delivery.content)
            posted = await chat.post(delivery.key, place, first)
            found = first != delivery.content
        # What stands there may be another content: leave the card dirty, so that an update follows.
        shown = replace(delivery, version=0) if found else delivery
        stray = place.thread_ts is not None and not posted.threaded
        pause = self._services.pace.channel_interval
        await self._outbox.record_shown(shown, posted.ts, posted.channel, parent_deleted=stray, pause=pause)
        return pause

    async def _find(self, delivery: Delivery, place: Place) -> Posted | None:
        """What an earlier attempt has left in Slack, where there was one whose end is not known."""
        since = delivery.posting_since
        if since is None:
            return None
        await asyncio.sleep(SETTLE_SECONDS - (delivery.taken_at - since).total_seconds())
        oldest = since.timestamp() - CLOCK_SKEW_SECONDS
        return await self._services.chat.find_posted(delivery.key, place, oldest)

    async def _update(self, delivery: Delivery) -> float:
        ts, channel = delivery.ts, delivery.posted_channel
        assert ts is not None  # noqa: S101 - the caller looked
        assert channel is not None  # noqa: S101 - set together with ts
        content = _with_note(delivery.content) if delivery.parent_deleted else delivery.content
        await self._services.chat.update(delivery.key, channel, ts, content)
        pause = self._services.pace.channel_interval
        await self._outbox.record_shown(delivery, ts, channel, parent_deleted=False, pause=pause)
        return pause

    async def _wait_out(self, delivery: Delivery, error: ChatUnavailable) -> float | None:
        pause = min(0.5 * 2 ** min(delivery.attempts - 1, 10), MAX_BACKOFF_SECONDS)
        log.warning("Slack did not answer for card %s: %s", delivery.key, error.sentence)
        if delivery.attempts >= PATIENCE:
            interval = self._services.pace.channel_interval
            await self._outbox.delay_card(delivery, pause, error.sentence, pause=interval)
            return interval
        await self._outbox.delay_lane(delivery, pause, error.sentence, in_doubt=True)
        return None

    async def _give_up(self, delivery: Delivery, error: ChatRefused) -> float | None:
        if error.code in LANE_FAULTS:
            await self._close_lane(delivery, error.code)
            return None
        if error.code in GONE:
            log.info("Card %s was deleted in Slack", delivery.key)
            if not await self._post_again(delivery):
                await self._outbox.end(delivery, CardState.GONE, error.code)
            return 0.0
        log.error("Slack refused card %s for good: %s", delivery.key, error.sentence)
        # In this order, so that a crash between the two forgets nobody: telling has a key, and happens once.
        await self._tell(delivery.asker, f"undelivered:{delivery.key}", delivery.place.channel, error.code)
        await self._outbox.end(delivery, CardState.FAILED, error.code)
        return 0.0

    async def _post_again(self, delivery: Delivery) -> bool:
        """Whether the card of a deleted message is still needed, and will be posted anew."""
        if not delivery.content.asks or delivery.ts is None or delivery.posted_channel is None:
            return False
        async with self._services.database.unit_of_work() as session:
            await cards.repost(session, delivery.posted_channel, delivery.ts)
        return True

    async def _close_lane(self, delivery: Delivery, code: str) -> None:
        """Slack refuses us in a whole channel: each who waits hears of it once, and we look again later."""
        channel = delivery.place.channel
        async with self._services.database.unit_of_work() as session:
            since = await outboxes.mark_fault(session, channel, code, FAULT_PAUSE_SECONDS)
            if delivery.posting_since is None:
                await outboxes.forget_attempt(session, delivery.card_id)
            askers = await outboxes.list_askers(session, channel)
        log.warning("Slack refuses our messages in %s: %s", channel, code)
        for asker in askers:
            await self._tell(asker, f"undelivered:{channel}:{since.timestamp():.3f}:{asker}", channel, code)

    async def _tell(self, asker: str | None, key: str, channel: str, code: str) -> None:
        if asker is None or channel == asker:
            return
        draft = CardDraft(key=key, place=Place(asker), content=undelivered(channel, code), urgent=True)
        async with self._services.database.unit_of_work() as session:
            await cards.show(session, draft)
        self.nudge()


def _with_note(content: Content) -> Content:
    return Content(content.text, [*content.blocks, parent_deleted_note()])


async def reopen(services: Services, channel: str) -> None:
    """Slack may let us write in `channel` again: try at once."""
    async with services.database.unit_of_work() as session:
        await outboxes.reopen(session, channel)
    services.nudges.deliver()


async def replace_deleted(services: Services, channel: str, ts: str) -> None:
    """Somebody deleted a message: post its card anew, if it is one of ours that people can act on."""
    async with services.database.unit_of_work() as session:
        key = await cards.repost(session, channel, ts)
    if key is not None:
        log.info("Card %s was deleted in Slack and is posted again", key)
        services.nudges.deliver()


async def tell(services: Services, key: str, person: str, content: Content) -> None:
    """Say something to a person in a direct message, once for this key."""
    async with services.database.unit_of_work() as session:
        await cards.show(session, CardDraft(key=key, place=Place(person), content=content, urgent=True))
    services.nudges.deliver()
