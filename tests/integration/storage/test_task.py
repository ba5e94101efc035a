"""Accepting a task: its row, its card, its lane, the audit entry and the event's key, all or nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from domain.ask import Ask
from domain.card import CardDraft, Content
from domain.task import TaskState
from storage import task as tasks
from storage.database import Database

Query = Callable[..., Awaitable[list[asyncpg.Record]]]
Make = Callable[..., Ask]
TABLES = ("task", "card", "lane", "audit", "inbound_event")


async def accept(database: Database, ask: Ask) -> int | None:
    def draw(number: int) -> CardDraft:
        return CardDraft(f"task:{number}", ask.place, Content(f"T-{number}: {ask.text}"), asker=ask.person)

    return await tasks.accept(database, ask, "task.submitted", draw)


async def count(query: Query) -> dict[str, int]:
    return {table: (await query(f"SELECT count(*) FROM {table}"))[0]["count"] for table in TABLES}


async def test_accept_commits_everything(database: Database, query: Query, make_ask: Make) -> None:
    assert await accept(database, make_ask()) == 1
    assert await count(query) == dict.fromkeys(TABLES, 1)
    async with database.unit_of_work() as session:
        task = await tasks.find(session, 1)
        assert await tasks.find(session, 2) is None
    assert task is not None
    assert (task.request, task.requester, task.channel) == ("deploy checkout", "U0DEV", "C0OPS")
    assert task.state is TaskState.PLANNING
    card = (await query("SELECT key, asker, content, version, shown_version FROM card"))[0]
    assert (card["key"], card["asker"], card["version"], card["shown_version"]) == ("task:1", "U0DEV", 1, 0)
    entry = (await query("SELECT action, object_id, correlation_id FROM audit"))[0]
    assert tuple(entry) == ("task.submitted", "T-1", "correlation-message:C0OPS:1")


async def test_repeated_event_changes_nothing_and_uses_up_no_number(
    database: Database, query: Query, make_ask: Make
) -> None:
    outcomes = await asyncio.gather(*(accept(database, make_ask()) for _ in range(8)))
    assert sorted(outcomes, key=str) == [1] + [None] * 7
    assert await count(query) == dict.fromkeys(TABLES, 1)
    assert await accept(database, make_ask("message:C0OPS:2")) == 2


@pytest.mark.parametrize("table", ["task", "card", "lane", "audit"])
async def test_accept_is_all_or_nothing(database: Database, query: Query, make_ask: Make, table: str) -> None:
    await database.quick.execute(f"ALTER TABLE {table} ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await accept(database, make_ask())
    assert await count(query) == dict.fromkeys(TABLES, 0)

    await database.quick.execute(f"ALTER TABLE {table} DROP CONSTRAINT full_disk")
    assert await accept(database, make_ask()) is not None, "the event is not lost: it may come again"


async def test_numbers_are_unique_over_many_at_once(database: Database, make_ask: Make) -> None:
    numbers = await asyncio.gather(*(accept(database, make_ask(f"command:{n}")) for n in range(20)))
    assert len(set(numbers)) == 20
    assert None not in numbers


async def test_only_old_planning_tasks_without_workflow_are_listed(
    database: Database, make_ask: Make
) -> None:
    for n in range(4):
        await accept(database, make_ask(f"command:{n}"))
    await database.quick.execute("UPDATE task SET created_at = now() - interval '1 minute' WHERE number < 4")
    async with database.unit_of_work() as session:
        await tasks.mark_started(session, 1)
        await tasks.set_state(session, 2, TaskState.CANCELLED)
    async with database.unit_of_work() as session:
        assert await tasks.list_unstarted(session, age_seconds=2, limit=10) == [3]
        assert await tasks.list_unstarted(session, age_seconds=0, limit=10) == [3, 4]
        assert await tasks.list_unstarted(session, age_seconds=0, limit=1) == [3]


async def test_ends_are_stamped_and_leave_the_list_of_open_tasks(database: Database, make_ask: Make) -> None:
    for n in range(3):
        await accept(database, make_ask(f"command:{n}"))
    async with database.unit_of_work() as session:
        await tasks.set_state(session, 1, TaskState.CANCELLED)
        await tasks.set_state(session, 2, TaskState.RUNNING)
    async with database.unit_of_work() as session:
        opened = await tasks.list_open(session, requester="U0DEV", channel="elsewhere", limit=10)
        here = await tasks.list_open(session, requester="U0LEAD", channel="C0OPS", limit=10)
        ended = await tasks.find(session, 1)
        states = await tasks.count_by_state(session)
    assert [task.number for task in opened] == [task.number for task in here] == [3, 2]
    assert ended is not None
    assert ended.ended_at is not None
    assert (datetime.now(UTC) - ended.ended_at).total_seconds() < 10
    assert states == {"running": 1, "planning": 1}


async def test_start_is_marked_once(database: Database, query: Query, make_ask: Make) -> None:
    await accept(database, make_ask())
    async with database.unit_of_work() as session:
        await tasks.mark_started(session, 1)
    first = await query("SELECT started_at FROM task")
    async with database.unit_of_work() as session:
        await tasks.mark_started(session, 1)
    assert await query("SELECT started_at FROM task") == first
