"""`quarterdeck migrate` and `quarterdeck export audit`."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.postgres import Cluster
from domain.audit import AuditEntry
from storage import audit
from storage.database import Database, address, create_engine
from storage.migrations import runner
from tests.integration.cli.conftest import Terminal, run
from tests.support.store import fresh_database


@pytest.fixture
async def empty(terminal: Terminal, cluster: Cluster) -> AsyncIterator[Terminal]:
    """With a database in which nothing stands."""
    async with fresh_database(cluster, template="template0") as url:
        terminal.environment["DATABASE_URL"] = address(url, "postgresql")
        yield terminal


async def read_revision(terminal: Terminal) -> str | None:
    engine = create_engine(
        terminal.environment["DATABASE_URL"].replace("postgresql", "postgresql+asyncpg", 1)
    )
    try:
        return (await runner.read(engine)).revision
    finally:
        await engine.dispose()


async def test_an_empty_database_is_brought_up_to_date_by_several_at_once(empty: Terminal) -> None:
    """Also where the address has arguments, as providers of databases write them."""
    arguments = "&sslmode=prefer&connect_timeout=5&application_name=quarterdeck&channel_binding=prefer"
    other = Terminal(empty.folder, {"DATABASE_URL": empty.environment["DATABASE_URL"] + arguments})
    assert await read_revision(empty) is None

    for ended in await asyncio.gather(empty("migrate"), other("migrate")):
        assert (ended.status, ended.err) == (0, "The database is up to date.\n")

    assert await read_revision(empty) == runner.head()


async def test_a_database_of_a_newer_version_is_left_alone(connected: Terminal) -> None:
    await run(connected.environment["DATABASE_URL"], "UPDATE alembic_version SET version_num = '9999'")

    for ended in await asyncio.gather(connected("migrate"), connected("up", "--http-port", 0)):
        assert ended.sentence.startswith(
            "The database is at revision 9999, which this version of Quarterdeck"
        )
        assert ended.out == ""

    assert await read_revision(connected) == "9999"


async def test_the_audit_trail_is_written_as_one_object_a_line(
    connected: Terminal, database: Database
) -> None:
    await record(database, "task.submitted", "T-1", "U0DEV")
    await record(database, "task.started", "T-1", "system")

    ended = await connected("export", "audit")

    first, second = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.status, ended.err) == (0, "")
    assert (first["action"], first["object_type"], first["object_id"]) == ("task.submitted", "task", "T-1")
    assert first["facts"] == {"from": "ключ"}
    assert first["correlation_id"] == "abc"
    # People are pseudonyms.
    assert first["actor"] not in {None, "U0DEV"}
    assert second["actor"] is None
    assert first["at"] <= second["at"]


async def test_it_begins_where_it_is_told_to(connected: Terminal, database: Database) -> None:
    await record(database, "task.submitted", "T-1", "U0DEV")
    between = datetime.now(UTC).isoformat()
    await record(database, "task.cancelled", "T-1", "U0DEV")

    later, none = await asyncio.gather(
        connected("export", "audit", "--since", between),
        connected("export", "audit", "--since", "2999-01-01"),
    )

    assert [json.loads(line)["action"] for line in later.out.splitlines()] == ["task.cancelled"]
    assert (none.status, none.out) == (0, "")


async def test_a_reader_who_has_read_enough_is_no_error(connected: Terminal, database: Database) -> None:
    await run(
        connected.environment["DATABASE_URL"],
        "INSERT INTO audit (action, object_type, object_id, correlation_id)"
        " SELECT 'task.submitted', 'task', 'T-' || n, repeat('x', 500) FROM generate_series(1, 1000) n",
    )
    ended = await connected.pipe("export audit", "head -n 1")

    assert ended.err == ""
    assert json.loads(ended.out)["object_id"] == "T-1"


async def record(database: Database, action: str, task: str, who: str) -> None:
    async with database.unit_of_work() as session:
        await audit.record(session, AuditEntry(action, "task", task, who, "abc", {"from": "ключ"}))
