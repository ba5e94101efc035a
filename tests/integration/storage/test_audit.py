"""The audit trail: only ever longer, and without a person in it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from domain.ask import Ask
from domain.audit import AuditEntry
from storage import audit, inbox
from storage.database import Database

Query = Callable[..., Awaitable[list[asyncpg.Record]]]


async def record(database: Database, action: str = "task.submitted", actor: str = "U0DEV") -> None:
    async with database.unit_of_work() as session:
        await audit.record(session, AuditEntry(action, "task", "T-1", actor, "c-1", {"from": "planning"}))


REWRITES = {
    "update": "UPDATE audit SET action = 'nothing'",
    "delete": "DELETE FROM audit",
    "truncate": "TRUNCATE audit",
    "truncate with others": "TRUNCATE person, audit",
    "delete in a block": "DO $$ BEGIN DELETE FROM audit; END $$",
    "delete that names the one function": "DO $$ BEGIN DELETE FROM audit /* function prune_audit( */; END $$",
    "delete that copies the one function": """
        DO $$ DECLARE before timestamptz = now() + interval '1 day'; BEGIN
            DELETE FROM audit WHERE at < before
            /* PL/pgSQL function prune_audit(timestamp with time zone) line 4 at SQL statement */;
        END $$""",
    "update in a block that names it": "DO $$ BEGIN UPDATE audit SET action = '' /* function prune_audit( */; END $$",
    "delete with a setting of the session": "SET application_name = 'function prune_audit('; DELETE FROM audit",
    "upsert": "INSERT INTO audit (id, action, object_type, object_id, correlation_id) OVERRIDING SYSTEM VALUE"
    " VALUES (1, '', '', '', '') ON CONFLICT (id) DO UPDATE SET action = 'nothing'",
}


async def test_history_is_not_rewritten(database: Database, query: Query) -> None:
    await record(database)
    before = await query("SELECT * FROM audit")
    for how, statement in REWRITES.items():
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await database.quick.execute(statement)
        assert await query("SELECT * FROM audit") == before, how


FUNCTIONS = {
    "another name": "wipe()",
    "a name that ends like it": "not_prune_audit()",
    "its name with other arguments": "prune_audit()",
    "its name in another schema": "elsewhere.prune_audit(before timestamptz = now() + interval '1 day')",
}


async def test_no_other_function_may_delete(database: Database, query: Query) -> None:
    await record(database)
    await database.quick.execute("CREATE SCHEMA elsewhere")
    for how, signature in FUNCTIONS.items():
        await database.quick.execute(
            f"CREATE FUNCTION {signature} RETURNS void LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM audit WHERE at < now() + interval '1 day'; END $$"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.quick.execute(f"SELECT {signature.split('(', maxsplit=1)[0]}()")
        assert len(await query("SELECT FROM audit")) == 1, how


async def test_prune_removes_what_is_past_its_retention(database: Database, query: Query) -> None:
    for path in ("public", "elsewhere, public"):
        await record(database, "old")
        await asyncio.sleep(0.01)
        limit = datetime.now(UTC)
        await record(database, "young")
        async with database.quick.acquire() as connection:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS elsewhere; SET search_path = {path}")
            removed = await connection.fetchval("SELECT public.prune_audit($1)", limit)
            await connection.execute("RESET search_path")
        assert [row["action"] for row in await query("SELECT action FROM audit")] == ["young"]
    assert removed == 2, "the young one of the first round had aged"


async def test_one_pseudonym_a_person(database: Database, query: Query) -> None:
    for actor in ("U0DEV", "U0LEAD", "U0DEV"):
        await record(database, actor=actor)
    first, second, third = (row["actor"] for row in await query("SELECT actor FROM audit ORDER BY id"))
    assert first == third != second
    known = await query("SELECT user_id, pseudonym FROM person ORDER BY user_id")
    assert [tuple(row) for row in known] == [("U0DEV", first), ("U0LEAD", second)]


async def test_concurrent_first_use_gives_one_pseudonym(database: Database, query: Query) -> None:
    entry = AuditEntry("command.help", "channel", "C0OPS", "U0NEW", "c-1")
    await asyncio.gather(*(inbox.accept(database, f"command:{n}", entry) for n in range(12)))
    await asyncio.gather(*(record(database, actor="U0NEWER") for _ in range(8)))
    found = await query("SELECT actor, count(*) FROM audit GROUP BY actor")
    assert sorted(row["count"] for row in found) == [8, 12]
    assert None not in {row["actor"] for row in found}


async def test_first_use_waits_for_one_that_is_not_committed(
    database: Database, query: Query, is_waiting: Any, until: Any
) -> None:
    async with database.unit_of_work() as session:
        await audit.record(session, AuditEntry("a", "task", "T-1", "U0NEW", "c-1"))
        second = asyncio.create_task(record(database, actor="U0NEW"))
        await until(is_waiting, "the second waits for the first")
    await second
    assert len({row["actor"] for row in await query("SELECT actor FROM audit")}) == 1


async def test_system_is_nobody(database: Database, query: Query) -> None:
    await record(database, actor="system")
    assert [row["actor"] for row in await query("SELECT actor FROM audit")] == [None]
    assert await query("SELECT FROM person") == []


async def test_forgetting_a_person_deletes_the_mapping_and_keeps_the_trail(
    database: Database, query: Query
) -> None:
    await record(database)
    before = (await query("SELECT actor FROM audit"))[0]["actor"]

    await database.quick.execute("DELETE FROM person WHERE user_id = 'U0DEV'")

    assert "U0DEV" not in str(await query("SELECT * FROM audit")) + str(await query("SELECT * FROM person"))
    assert (await query("SELECT actor FROM audit"))[0]["actor"] == before
    await record(database)
    actors = [row["actor"] for row in await query("SELECT actor FROM audit ORDER BY id")]
    assert actors[1] not in {before, None}, "who comes back is somebody new"


async def test_list_since(database: Database) -> None:
    await record(database, "first")
    await asyncio.sleep(0.01)
    since = datetime.now(UTC)
    await record(database, "second")
    async with database.unit_of_work() as session:
        assert [each["action"] async for each in audit.list_since(session, None)] == ["first", "second"]
        (found,) = [each async for each in audit.list_since(session, since)]
    assert (found["action"], found["facts"]) == ("second", {"from": "planning"})
    assert found["at"] - since < timedelta(seconds=10)


async def test_entry_is_lost_with_its_transaction(
    database: Database, query: Query, make_ask: Callable[..., Ask]
) -> None:
    async def fail_halfway() -> None:
        async with database.unit_of_work() as session:
            assert await inbox.claim(session, make_ask().event_key)
            await audit.record(session, AuditEntry("a", "task", "T-1", "U0DEV", "c-1"))
            raise LookupError("halfway")

    with pytest.raises(LookupError):
        await fail_halfway()
    assert await query("SELECT FROM audit") == []
    assert await query("SELECT FROM inbound_event") == []
