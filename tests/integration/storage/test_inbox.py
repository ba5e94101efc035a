"""The inbox: each outside event once, whoever brings it, for a day."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from domain.audit import AuditEntry
from storage import inbox
from storage.database import Database

Query = Callable[..., Awaitable[list[asyncpg.Record]]]
ENTRY = AuditEntry("command.help", "channel", "C0OPS", "U0DEV", "c-1")


async def claim(database: Database, key: str) -> bool:
    async with database.unit_of_work() as session:
        return await inbox.claim(session, key)


async def test_concurrent_claims_of_two_replicas_give_exactly_one(
    database: Database, another: Callable[[], Awaitable[Database]], query: Query
) -> None:
    other = await another()
    claims = [claim(each, "message:C0OPS:1") for each in (database, other) * 4]
    accepts = [inbox.accept(each, "message:C0OPS:1", ENTRY) for each in (database, other) * 4]
    assert sorted(await asyncio.gather(*claims, *accepts)) == [False] * 15 + [True]
    assert len(await query("SELECT FROM inbound_event")) == 1
    assert len(await query("SELECT FROM audit")) <= 1


async def test_claim_waits_for_one_that_may_still_fail(
    database: Database, is_waiting: Any, until: Any
) -> None:
    """A repetition that said no while the first is rolled back would lose the event."""
    second: asyncio.Task[bool] | None = None
    try:
        async with database.unit_of_work() as session:
            assert await inbox.claim(session, "message:C0OPS:1")
            second = asyncio.create_task(inbox.accept(database, "message:C0OPS:1", ENTRY))
            await until(is_waiting, "the repetition waits")
            raise LookupError("the first fails")
    except LookupError:
        pass
    assert second is not None
    assert await second


async def test_accept_records_who_asked_once(database: Database, query: Query) -> None:
    assert await inbox.accept(database, "command:1", ENTRY)
    assert not await inbox.accept(database, "command:1", ENTRY)
    assert [row["action"] for row in await query("SELECT action FROM audit")] == ["command.help"]


async def test_known(database: Database) -> None:
    await claim(database, "message:C0OPS:1")
    async with database.unit_of_work() as session:
        assert await inbox.known(session, ["message:C0OPS:1", "message:C0OPS:2"]) == {"message:C0OPS:1"}
        assert await inbox.known(session, []) == set()


async def test_prune_forgets_after_a_day(database: Database) -> None:
    for key, hours in [("young", 0.0), ("almost", 23.9), ("old", 24.1)]:
        await claim(database, key)
        received = datetime.now(UTC) - timedelta(hours=hours)
        await database.quick.execute(
            "UPDATE inbound_event SET received_at = $2 WHERE key = $1", key, received
        )
    async with database.unit_of_work() as session:
        assert await inbox.prune(session) == 1
    assert not await claim(database, "almost")
    assert await claim(database, "old")


async def test_presence_moves_on(database: Database) -> None:
    async with database.unit_of_work() as session:
        assert await inbox.find_presence(session, "slack") is None
        await inbox.touch_presence(session, "slack")
    async with database.unit_of_work() as session:
        first = await inbox.find_presence(session, "slack")
        await inbox.touch_presence(session, "slack")
    async with database.unit_of_work() as session:
        second = await inbox.find_presence(session, "slack")
    assert first is not None
    assert second is not None
    assert first < second
