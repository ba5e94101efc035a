"""The statements of the outbox: who may show what, in which order, and not before when. Replicas are owners."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from bot.postgres import Cluster
from domain.card import CardDraft, CardState, Content, Delivery, Place
from storage import card as cards
from storage import outbox as outboxes
from storage.database import Database
from storage.outbox import Outbox
from tests.support import shared
from tests.support.store import fresh_database

Query = Callable[..., Awaitable[list[asyncpg.Record]]]
OPS = Place("C0OPS")


@pytest.fixture(scope="module")
async def module_url(cluster: Cluster) -> AsyncIterator[str]:
    async with fresh_database(cluster) as url:
        yield url


@pytest.fixture
async def database_url(module_url: str) -> str:
    await shared.empty(module_url)
    return module_url


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, "bot-a")


@pytest.fixture
def rival(database: Database) -> Outbox:
    return Outbox(database, "bot-b")


async def show(database: Database, key: str, text: str = "ready", place: Place = OPS, **more: Any) -> None:
    async with database.unit_of_work() as session:
        await cards.show(session, CardDraft(key, place, Content(text), **more))


async def revise(database: Database, key: str, text: str) -> None:
    async with database.unit_of_work() as session:
        await cards.revise(session, key, Content(text))


async def take(outbox: Outbox, channel: str = "C0OPS") -> Delivery:
    found = await outbox.take(channel)
    assert found is not None
    return found


async def shown(outbox: Outbox, delivery: Delivery, pause: float = 0.0, ts: str | None = None) -> None:
    """What the loop records after Slack took the message."""
    ts = ts or delivery.ts or f"{1_700_000_000 + delivery.card_id}.000001"
    await outbox.record_shown(delivery, ts, delivery.place.channel, parent_deleted=False, pause=pause)


async def drain(outbox: Outbox, channel: str = "C0OPS") -> list[str]:
    """Keys in the order in which they are handed out."""
    order = []
    while (delivery := await outbox.take(channel)) is not None:
        order.append(delivery.key)
        await shown(outbox, delivery)
    return order


# Lanes


async def test_a_channel_is_claimed_by_one_of_two(database: Database, outbox: Outbox, rival: Outbox) -> None:
    for n in range(6):
        await show(database, f"card:{n}", place=Place(f"C{n}"))
    first, second = await asyncio.gather(outbox.claim([], 10), rival.claim([], 10))
    assert sorted(first + second) == [f"C{n}" for n in range(6)]
    assert await outbox.claim(first, 10) == []
    assert await rival.claim(second, 10) == []


async def test_a_channel_without_anything_due_is_not_claimed(database: Database, outbox: Outbox) -> None:
    await show(database, "card:1")
    assert await outbox.claim([], 10) == ["C0OPS"]
    await drain(outbox)
    await outbox.release("C0OPS")
    assert await outbox.claim([], 10) == []
    await revise(database, "card:1", "done")
    assert await outbox.claim([], 10) == ["C0OPS"]


async def test_claim_keeps_to_its_limit(database: Database, outbox: Outbox) -> None:
    for n in range(4):
        await show(database, f"card:{n}", place=Place(f"C{n}"))
    assert len(await outbox.claim([], 3)) == 3


async def test_only_the_owner_takes_and_releases(database: Database, outbox: Outbox, rival: Outbox) -> None:
    await show(database, "card:1")
    await outbox.claim([], 1)
    assert await rival.take("C0OPS") is None
    await rival.release("C0OPS")
    assert await rival.claim([], 1) == []
    await outbox.release("C0OPS")
    assert await rival.claim([], 1) == ["C0OPS"]


async def test_a_lease_that_ran_out_can_be_claimed(database: Database, outbox: Outbox, rival: Outbox) -> None:
    await show(database, "card:1")
    await outbox.claim([], 1)
    await database.quick.execute("UPDATE lane SET owner_until = now() - interval '1 second'")
    assert await rival.claim([], 1) == ["C0OPS"]
    assert await outbox.take("C0OPS") is None, "the first owner notices"


async def test_keeping_a_lane_renews_its_lease_and_tells_who_lost_it(
    database: Database, outbox: Outbox, rival: Outbox
) -> None:
    await show(database, "card:1")
    await outbox.claim([], 1)
    await database.quick.execute("UPDATE lane SET owner_until = now() + interval '1 second'")
    assert await outbox.keep("C0OPS")
    left = await database.quick.fetchval("SELECT extract(epoch FROM owner_until - now()) FROM lane")
    assert left > outboxes.LEASE_SECONDS - 5
    assert not await rival.keep("C0OPS")


@asynccontextmanager
async def alive(database: Database, owner: str) -> Any:
    """A living process: it holds the lock of its executor."""
    async with database.quick.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", owner)
        try:
            yield
        finally:
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", owner)


async def age_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Postgres had been up for longer than a lease takes to look abandoned."""
    younger = outboxes._RELEASE_DEAD.replace("pg_postmaster_start_time()", "now() - interval '1 hour'")
    monkeypatch.setattr(outboxes, "_RELEASE_DEAD", younger)


async def test_a_dead_owners_lane_is_released_and_a_living_ones_is_not(
    database: Database, outbox: Outbox, rival: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await age_server(monkeypatch)
    await show(database, "card:1")
    async with alive(database, "bot-a"):
        await outbox.claim([], 1)
        await rival.release_dead()
        assert await rival.claim([], 1) == []
    await rival.release_dead()
    assert await rival.claim([], 1) == ["C0OPS"]


async def test_just_after_a_restart_a_fresh_lease_counts_for_alive(
    database: Database, outbox: Outbox, rival: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A living owner may not have its lock back yet."""
    fresh = outboxes._RELEASE_DEAD.replace("pg_postmaster_start_time()", "now()")
    monkeypatch.setattr(outboxes, "_RELEASE_DEAD", fresh)
    await show(database, "card:1")
    await outbox.claim([], 1)
    await rival.release_dead()
    assert await rival.claim([], 1) == []
    await database.quick.execute("UPDATE lane SET owner_until = owner_until - interval '16 seconds'")
    await rival.release_dead()
    assert await rival.claim([], 1) == ["C0OPS"]


async def test_nobody_takes_its_own_lanes_for_dead(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await age_server(monkeypatch)
    await show(database, "card:1")
    await outbox.claim([], 1)
    await outbox.release_dead()
    assert (await take(outbox)).key == "card:1"


# Order and pace


async def test_urgent_first_then_by_age(database: Database, outbox: Outbox) -> None:
    await show(database, "first")
    await show(database, "second")
    await show(database, "urgent", urgent=True)
    await show(database, "third")
    await show(database, "urgent too", urgent=True)
    await outbox.claim([], 1)
    assert await drain(outbox) == ["urgent", "urgent too", "first", "second", "third"]


async def test_a_revision_stands_where_its_change_came(database: Database, outbox: Outbox) -> None:
    await show(database, "first")
    await outbox.claim([], 1)
    await drain(outbox)
    await show(database, "second")
    await revise(database, "first", "done")
    await show(database, "third")
    assert await drain(outbox) == ["second", "first", "third"]


async def test_waiting_does_not_lose_its_turn_by_being_revised(database: Database, outbox: Outbox) -> None:
    await show(database, "first")
    await show(database, "second")
    await revise(database, "first", "done")
    await outbox.claim([], 1)
    assert await drain(outbox) == ["first", "second"]


async def test_one_card_that_always_changes_does_not_starve_the_others(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "busy")
    await show(database, "patient")
    await outbox.claim([], 1)
    order = []
    for n in range(3):
        delivery = await take(outbox)
        order.append(delivery.key)
        await revise(database, "busy", f"{n} % done")
        await shown(outbox, delivery)
    assert order == ["busy", "patient", "busy"]


async def test_the_lane_waits_its_pause_for_everybody(
    database: Database, outbox: Outbox, rival: Outbox
) -> None:
    await show(database, "first")
    await show(database, "second")
    await outbox.claim([], 1)
    await shown(outbox, await take(outbox), pause=60)
    assert await outbox.take("C0OPS") is None
    await outbox.release("C0OPS")
    assert await rival.claim([], 1) == []


async def test_a_card_that_is_put_off_lets_others_pass_at_the_lanes_pace(
    database: Database, outbox: Outbox, rival: Outbox
) -> None:
    await show(database, "first")
    await show(database, "second")
    await outbox.claim([], 1)
    await outbox.delay_card(await take(outbox), 60, "Slack did not answer.", pause=0)
    assert (await take(outbox)).key == "second"
    await outbox.delay_card(await take(outbox), 60, "Slack did not answer.", pause=30)
    await show(database, "third")
    assert await outbox.take("C0OPS") is None, "the call may have been a message nevertheless"


# Contents


async def test_updates_coalesce_into_the_last(database: Database, outbox: Outbox) -> None:
    await show(database, "card", "0")
    await outbox.claim([], 1)
    await shown(outbox, await take(outbox))
    for n in range(1, 20):
        await revise(database, "card", str(n))
    delivery = await take(outbox)
    assert delivery.content.text == "19"
    assert delivery.ts is not None
    await shown(outbox, delivery)
    assert await outbox.take("C0OPS") is None


async def test_the_same_content_again_is_no_news(database: Database, outbox: Outbox) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    await drain(outbox)
    await show(database, "card")
    await revise(database, "card", "ready")
    assert await outbox.take("C0OPS") is None
    assert await outboxes.count_backlog(database) == 0


async def test_a_revision_while_the_call_is_under_way_is_not_lost(database: Database, outbox: Outbox) -> None:
    await show(database, "card", "old")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    await revise(database, "card", "new")
    await shown(outbox, delivery)
    again = await take(outbox)
    assert (again.content.text, again.ts) == ("new", f"{1_700_000_000 + delivery.card_id}.000001")


async def test_reply_waits_for_its_parent_and_stands_below_it(database: Database, outbox: Outbox) -> None:
    await show(database, "reply", parent_key="parent")
    assert await outbox.claim([], 1) == []
    await show(database, "parent")
    await outbox.claim([], 1)
    parent = await take(outbox)
    assert parent.key == "parent"
    await shown(outbox, parent)
    reply = await take(outbox)
    assert (reply.key, reply.place.thread_ts) == ("reply", f"{1_700_000_000 + parent.card_id}.000001")


async def test_reply_to_a_parent_that_slack_never_took_is_not_kept_for_ever(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "parent")
    await show(database, "reply", parent_key="parent")
    await outbox.claim([], 1)
    await outbox.end(await take(outbox), CardState.FAILED, "invalid_blocks")
    reply = await take(outbox)
    assert (reply.key, reply.place.thread_ts) == ("reply", None)


# Doubt


async def test_an_attempt_is_remembered_until_its_end_is_known(
    database: Database, outbox: Outbox, rival: Outbox
) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    first = await take(outbox)
    assert (first.posting_since, first.attempts) == (None, 1)
    # The process dies here.
    await database.quick.execute("UPDATE lane SET owner_until = now() - interval '1 second'")
    await rival.claim([], 1)
    second = await take(rival)
    assert second.posting_since is not None
    assert second.attempts == 2


@pytest.mark.parametrize("in_doubt", [True, False])
async def test_a_put_off_post_is_looked_for_only_where_it_may_stand(
    database: Database, outbox: Outbox, in_doubt: bool
) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    await outbox.delay_lane(await take(outbox), 0, "ratelimited", in_doubt=in_doubt)
    assert ((await take(outbox)).posting_since is not None) is in_doubt


async def test_what_was_found_is_brought_up_to_date(database: Database, outbox: Outbox) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    await shown(outbox, replace(delivery, version=0))
    again = await take(outbox)
    assert (again.ts is not None, again.posting_since) == (True, None)


# Faults


async def test_a_refused_lane_waits_and_is_tried_at_once_for_somebody_new(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "card", asker="U0DEV")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    async with database.unit_of_work() as session:
        since = await outboxes.mark_fault(session, "C0OPS", "not_in_channel", 300)
        assert await outboxes.list_askers(session, "C0OPS") == ["U0DEV"]
    await outbox.release("C0OPS")
    assert await outbox.claim([], 1) == []

    await show(database, "another", asker="U0LEAD")
    assert await outbox.claim([], 1) == ["C0OPS"]
    async with database.unit_of_work() as session:
        assert await outboxes.mark_fault(session, "C0OPS", "not_in_channel", 300) == since
        (fault,) = await outboxes.list_faults(session, "U0DEV", "C0OPS")
    assert (fault.channel, fault.fault, fault.waiting) == ("C0OPS", "not_in_channel", 2)

    async with database.unit_of_work() as session:
        await outboxes.reopen(session, "C0OPS")
    await shown(outbox, delivery)
    async with database.unit_of_work() as session:
        assert await outboxes.list_faults(session, "U0DEV", "C0OPS") == []


async def test_a_lane_whose_last_card_ended_is_not_reported_as_refused(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    async with database.unit_of_work() as session:
        await outboxes.mark_fault(session, "C0OPS", "not_in_channel", 300)
    await outbox.end(delivery, CardState.GONE, "message_not_found")
    async with database.unit_of_work() as session:
        assert await outboxes.list_faults(session, "U0DEV", "C0OPS") == []


async def test_new_content_is_tried_where_the_old_one_was_refused(database: Database, outbox: Outbox) -> None:
    await show(database, "card", "bad")
    await outbox.claim([], 1)
    await outbox.end(await take(outbox), CardState.FAILED, "invalid_blocks")
    async with database.unit_of_work() as session:
        assert await outboxes.count_failed(session) == 1
        assert await cards.find_trouble(session, "card") == ("failed", "invalid_blocks")
    assert await outbox.take("C0OPS") is None
    await revise(database, "card", "bad")
    assert await outbox.take("C0OPS") is None
    await revise(database, "card", "good")
    assert (await take(outbox)).content.text == "good"


async def test_a_revision_while_the_old_content_is_refused_is_tried(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "card", "bad")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    await revise(database, "card", "good")
    await outbox.end(delivery, CardState.FAILED, "invalid_blocks")
    assert (await take(outbox)).content.text == "good"


async def test_a_deleted_message_stays_deleted(database: Database, outbox: Outbox) -> None:
    await show(database, "card")
    await outbox.claim([], 1)
    await outbox.end(await take(outbox), CardState.GONE, "message_not_found")
    await revise(database, "card", "done")
    assert await outbox.take("C0OPS") is None


BUTTONS: list[dict[str, Any]] = [{"type": "section"}, {"type": "actions", "elements": []}]


async def want(database: Database, content: Content) -> None:
    async with database.unit_of_work() as session:
        await cards.revise(session, "task:1", content)


async def delete(database: Database, ts: str) -> str | None:
    async with database.unit_of_work() as session:
        return await cards.repost(session, "C0OPS", ts)


@pytest.mark.parametrize("blocks", [BUTTONS, BUTTONS[:1]], ids=["buttons", "none"])
async def test_a_deleted_message_is_posted_again_while_it_has_buttons(
    database: Database, outbox: Outbox, blocks: list[dict[str, Any]]
) -> None:
    await show(database, "task:1")
    await want(database, Content("waits", blocks))
    await outbox.claim([], 1)
    await shown(outbox, await take(outbox), ts="1.0")
    needed = blocks == BUTTONS
    assert await delete(database, "2.0") is None
    assert await delete(database, "1.0") == ("task:1" if needed else None)
    assert await delete(database, "1.0") is None
    again = await outbox.take("C0OPS")
    assert (again is not None) is needed
    if again is not None:
        assert (again.ts, again.content.text) == (None, "waits")


async def test_an_update_that_came_before_the_deletion_does_not_make_the_card_shown(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "task:1")
    await want(database, Content("waits", BUTTONS))
    await outbox.claim([], 1)
    await shown(outbox, await take(outbox), ts="1.0")
    await want(database, Content("waits on", BUTTONS))
    updating = await take(outbox)
    await delete(database, "1.0")
    await shown(outbox, updating, ts="1.0")
    assert (await take(outbox)).ts is None


async def test_a_card_that_is_gone_comes_back_once_somebody_can_act_on_it(
    database: Database, outbox: Outbox
) -> None:
    await show(database, "task:1")
    await outbox.claim([], 1)
    await outbox.end(await take(outbox), CardState.GONE, "message_not_found")
    await want(database, Content("stopped", BUTTONS))
    assert (await take(outbox)).content.text == "stopped"


# Two at once


async def test_a_unit_of_work_and_the_loop_do_not_lock_each_other_out(
    database: Database, outbox: Outbox, is_waiting: Any, until: Any
) -> None:
    """`/cancel` revises a card, then wants its answer shown in the same channel; the loop takes that card."""
    await show(database, "task:1")
    await outbox.claim([], 1)
    async with asyncio.timeout(10), database.unit_of_work() as session:
        await cards.revise(session, "task:1", Content("cancelled"))
        taking = asyncio.create_task(take(outbox))
        await until(is_waiting, "the loop waits for the card")
        await cards.show(session, CardDraft("reply:1", OPS, Content("cancelled")))
    assert (await taking).content.text == "cancelled"


async def test_showing_a_card_anew_and_the_loop_do_not_lock_each_other_out(
    database: Database, outbox: Outbox, query: Query, is_waiting: Any, until: Any
) -> None:
    """The loop records a card as shown while somebody who wants other things shown revises it."""
    await show(database, "task:1")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    async with asyncio.timeout(10), database.unit_of_work() as session:
        await cards.show(session, CardDraft("reply:1", OPS, Content("soon")))
        recording = asyncio.create_task(shown(outbox, delivery))
        await asyncio.wait([recording], timeout=0.2)
        await cards.revise(session, "task:1", Content("cancelled"))
    await recording
    assert sorted(await drain(outbox)) == ["reply:1", "task:1"]


async def test_a_revision_that_commits_while_the_loop_records_is_not_lost(
    database: Database, outbox: Outbox, is_waiting: Any, until: Any
) -> None:
    await show(database, "task:1", "old")
    await outbox.claim([], 1)
    delivery = await take(outbox)
    async with database.unit_of_work() as session:
        await cards.revise(session, "task:1", Content("new"))
        recording = asyncio.create_task(shown(outbox, delivery))
        await until(is_waiting, "the loop waits for the card")
    await recording
    again = await take(outbox)
    assert (again.content.text, again.ts) == ("new", f"{1_700_000_000 + delivery.card_id}.000001")
