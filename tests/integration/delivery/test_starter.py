"""Starting the workflows of accepted tasks: a few at a time, after the acknowledgements, none forgotten."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.ask import Ask
from domain.card import Place
from domain.errors import QuarterdeckError
from domain.task import TaskState
from storage import task as tasks
from storage.database import Database, address
from tests.support.wait import until
from workflows import engine, execution, measures, starter
from workflows.services import Services
from workflows.starter import WORKERS, Starter


class Begun:
    """What was started; each start waits for its gate, and fails as often as wanted."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.at_once = self.most_at_once = self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def start(self, number: int) -> None:
        self.order.append(number)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            if self.failures:
                self.failures -= 1
                raise QuarterdeckError("Postgres is away.")
        finally:
            self.at_once -= 1


@pytest.fixture
def begun() -> Begun:
    return Begun()


@pytest.fixture
def idle() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@pytest.fixture
async def one(database: Database, begun: Begun, idle: asyncio.Event) -> Starter:
    return Starter(database, measures.create(), begun.start, idle)


Run = Callable[[Starter], Awaitable[asyncio.Task[None]]]


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    running: list[asyncio.Task[None]] = []

    async def begin(one: Starter) -> asyncio.Task[None]:
        running.append(asyncio.create_task(one.run()))
        return running[-1]

    yield begin
    for each in running:
        each.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await each


async def add_task(database: Database, number: int, *, age: float = 60.0) -> None:
    await database.quick.execute(
        "INSERT INTO task (number, request, requester, channel, state, correlation_id, created_at)"
        " VALUES ($1, 'deploy', 'U0DEV', 'C0OPS', 'planning', 'c-1', now() - make_interval(secs => $2))",
        number,
        age,
    )


async def test_a_few_at_a_time_and_each_once(one: Starter, begun: Begun, run: Run) -> None:
    begun.gate.clear()
    await run(one)
    for number in [*range(10), *range(10)]:
        one.offer(number)
    await until(lambda: begun.at_once == WORKERS, "the workers are busy")
    begun.gate.set()
    await until(lambda: len(begun.order) == 10 and begun.at_once == 0, "all were started")
    assert begun.most_at_once == WORKERS
    assert begun.order == list(range(10))


async def test_acknowledgements_go_first(one: Starter, begun: Begun, idle: asyncio.Event, run: Run) -> None:
    idle.clear()
    await run(one)
    one.offer(1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(_started(begun)), 0.3)
    began = time.monotonic()
    idle.set()
    await _started(begun)
    assert time.monotonic() - began < 0.3


async def test_a_constant_load_does_not_starve_the_work(
    one: Starter, begun: Begun, idle: asyncio.Event, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "LONGEST_YIELD_SECONDS", 0.2)
    idle.clear()
    await run(one)
    one.offer(1)
    await _started(begun)


async def _started(begun: Begun) -> None:
    await until(lambda: begun.order, "it was started", 5)


async def test_the_sweep_finds_what_was_lost(
    database: Database, one: Starter, begun: Begun, run: Run
) -> None:
    await add_task(database, 1)
    await add_task(database, 2, age=0)
    await add_task(database, 3)
    await database.quick.execute("UPDATE task SET started_at = now() WHERE number = 3")
    await run(one)
    await _started(begun)
    assert begun.order == [1], "a young one may still be offered by the process that accepted it"


async def test_a_failed_start_is_tried_again(
    database: Database, one: Starter, begun: Begun, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "SWEEP_SECONDS", 0.1)
    begun.failures = 2
    await add_task(database, 1)
    await run(one)
    await until(lambda: len(begun.order) >= 3, "it was started at last")
    assert set(begun.order) == {1}


async def test_what_was_being_started_when_the_loop_broke_is_not_forgotten(
    database: Database, one: Starter, begun: Begun, run: Run
) -> None:
    """The supervisor starts the loop again after a failure; the object stays."""
    await add_task(database, 1)
    begun.gate.clear()
    first = await run(one)
    await _started(begun)
    first.cancel()
    await asyncio.wait([first])
    begun.gate.set()
    await run(one)
    await until(lambda: len(begun.order) == 2, "it was started again")


async def test_more_than_fit_are_left_to_the_sweep(
    database: Database, begun: Begun, idle: asyncio.Event, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "CAPACITY", 2)
    monkeypatch.setattr(starter, "SWEEP_SECONDS", 0.1)

    async def start(number: int) -> None:
        await begun.start(number)
        async with database.unit_of_work() as session:
            await tasks.mark_started(session, number)

    one = Starter(database, measures.create(), start, idle)
    for number in range(1, 7):
        await add_task(database, number)
        one.offer(number)
    await run(one)
    await until(lambda: set(begun.order) == set(range(1, 7)), "all were started")


@pytest.fixture
async def services(database: Database, new_replica: Any) -> AsyncIterator[Services]:
    """Services with the durable engine running in this process."""
    replica = await new_replica()
    url = address(str(database.engine.url.render_as_string(hide_password=False)), "postgresql")
    engine.bind(replica.services)
    launched = await engine.launch(engine.Config(url, replica.services.database.engine))
    yield replica.services
    await launched.close(1.0)


async def test_a_task_runs_under_its_number_and_ends_with_its_cancellation(
    services: Services, idle: asyncio.Event, run: Run
) -> None:
    ask = Ask("command:1", "U0DEV", Place("C0OPS"), "deploy", "c-1", datetime.now(UTC))
    number = await execution.submit(services, ask)
    assert number == 1
    one = Starter(services.database, services.measures, execution.start, idle)
    await run(one)
    one.offer(number)
    one.offer(number)
    await until(lambda: _is_started(services), "its workflow has begun")
    assert (await engine.status("T-1")).state == "running"

    async with services.database.unit_of_work() as session:
        await execution.cancel(session, ask, number)
    await until(lambda: _has_ended("T-1"), "the workflow has ended")
    async with services.database.unit_of_work() as session:
        task = await tasks.find(session, number)
    assert task is not None
    assert task.state is TaskState.CANCELLED


async def _is_started(services: Services) -> bool:
    async with services.database.unit_of_work() as session:
        task = await tasks.find(session, 1)
    return task is not None and task.started_at is not None


async def _has_ended(workflow: str) -> bool:
    return (await engine.status(workflow)).state == "done"
