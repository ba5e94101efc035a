"""A bot reduced to its engine: what the contract suite starts, kills and asks.

The first line of its input has the arguments, as a JSON list; then it is one JSON line in, one out.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from workflows import engine


class World:
    """The outside: a file of calls that outlives the process, and gates at which a call stands until one opens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, call: str, **more: object) -> None:
        line = json.dumps({"call": call, "pid": os.getpid(), "at": time.time(), **more}) + "\n"
        with (self.folder / "calls").open("a") as file:
            file.write(line)

    async def call(self, name: str, key: str, gate: str | None = None) -> dict[str, str]:
        self.note(name, key=key)
        if gate is not None:
            await self.pass_through(gate)
        return {"called": name}

    async def pass_through(self, gate: str) -> None:
        while not (self.folder / gate).exists():  # noqa: ASYNC110  opened by another process
            await asyncio.sleep(0.01)

    async def fail(self, name: str, key: str, times: int) -> str:
        self.note(name, key=key)
        if (self.folder / "calls").read_text().count(f'"{key}"') <= times:
            raise LookupError(f"{name} is not there")
        return "found"


async def insert(session: AsyncSession, workflow_id: str, name: str) -> list[str]:
    await session.execute(
        text("insert into effect (workflow, name) values (:w, :n)"), {"w": workflow_id, "n": name}
    )
    return [workflow_id, name]


async def call(name: str, gate: str | None = None) -> dict[str, str]:
    key = engine.idempotency_key(name)
    return await engine.step(name, engine.services(World).call, name, key, gate)


@engine.workflow("approval")
async def approval(subject: str) -> dict[str, Any]:
    """A step, a row, a wait of a day, a step."""
    await call("ask")
    await engine.transaction("record", insert, engine.workflow_id(), "record")
    decision = await engine.wait("decision", 86_400)
    await call("act")
    return {"subject": subject, "decision": decision}


@engine.workflow("gated")
async def gated() -> str:
    """Three steps, the second of which stands at a gate."""
    await call("before")
    await engine.transaction("record", insert, engine.workflow_id(), "record")
    await call("during", "gate")
    await call("after")
    return "through"


@engine.workflow("rows")
async def rows(count: int) -> int:
    """One transaction after the other."""
    for n in range(count):
        await engine.transaction(f"row-{n}", insert, engine.workflow_id(), f"row-{n}")
    return count


@engine.workflow("nap")
async def nap(seconds: float) -> str:
    await call("lie down")
    await engine.sleep(seconds)
    await call("get up")
    return "rested"


@engine.workflow("patience")
async def patience(seconds: float) -> Any:
    return await engine.wait("nothing", seconds)


@engine.workflow("fragile")
async def fragile(times: int, retries: int) -> dict[str, Any]:
    """A step that fails; what the workflow makes of it must be the same on a replay."""
    key = engine.idempotency_key("find")
    try:
        outcome = await engine.step(
            "find", engine.services(World).fail, "find", key, times, retries=retries, pause=0.01
        )
    except engine.StepError as error:
        outcome = f"{error.kind}/{error.message}"
    engine.services(World).note("seen", outcome=outcome)
    decision = await engine.wait("decision", 86_400)
    return {"outcome": outcome, "decision": decision}


@engine.workflow("violation")
async def violation() -> str:
    """A transaction that can never commit."""

    async def breach(session: AsyncSession) -> None:
        await insert(session, engine.workflow_id(), "twice")
        await insert(session, engine.workflow_id(), "twice")

    try:
        await engine.transaction("breach", breach)
    except engine.StepError as error:
        return error.kind
    return "no error"


@engine.workflow("crossing")
async def crossing(first: str, second: str) -> str:
    """A transaction that locks one row, waits until both of its kind have one, and wants the other."""
    world = engine.services(World)

    async def cross(session: AsyncSession) -> str:
        touch = text("update effect set workflow = :w where name = :n")
        await session.execute(touch, {"w": engine.workflow_id(), "n": first})
        world.note("locked", row=first)
        await world.pass_through("gate")
        await session.execute(touch, {"w": engine.workflow_id(), "n": second})
        return first

    return await engine.transaction("cross", cross)


@engine.workflow("isolation")
async def isolation() -> str:
    async def ask(session: AsyncSession) -> str:
        return str((await session.execute(text("show transaction_isolation"))).scalar_one())

    return await engine.transaction("ask", ask)


@engine.workflow("unstorable")
async def unstorable() -> Any:
    async def make() -> object:
        return object()

    return await engine.step("make", make)


@engine.workflow("broken")
async def broken() -> None:
    raise ValueError("no such plan")


def register_release(code: str) -> "engine.Workflow[[], str]":
    """The workflow whose code changes between two deployments."""

    if code == "old":

        @engine.workflow("release")
        async def old() -> str:
            await call("build")
            await engine.wait("go", 86_400)
            await call("ship")
            await engine.transaction("record", insert, engine.workflow_id(), "shipped")
            await engine.wait("end", 86_400)
            return "old way"

        return old

    @engine.workflow("release")
    async def new() -> str:
        await call("build")
        await engine.wait("go", 86_400)
        checked = await engine.patch("check")
        if checked:
            await call("check")
        await call("ship")
        await engine.transaction("record", insert, engine.workflow_id(), "shipped")
        await engine.wait("end", 86_400)
        return "new way" if checked else "old way"

    return new


class Program:
    """Answers the suite's questions with the engine's verbs."""

    def __init__(self, database: AsyncEngine, workflows: dict[str, Any]) -> None:
        self.database = database
        self.workflows = workflows
        self.ending = asyncio.Event()

    async def answer(self, line: bytes) -> None:
        question = json.loads(line)
        number, verb = question.pop("n"), question.pop("do")
        try:
            reply = {"value": await getattr(self, verb)(**question)}
        except Exception as error:  # noqa: BLE001  the suite is told of it
            reply = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps({"n": number, **reply}) + "\n")
        sys.stdout.flush()

    async def start(self, workflow: str, ids: list[str], args: list[Any]) -> None:
        turn = asyncio.Semaphore(16)

        async def one(workflow_id: str) -> None:
            async with turn:
                await engine.start(self.workflows[workflow], workflow_id, *args)

        await asyncio.gather(*(one(each) for each in ids))

    async def run(self, workflow: str, workflow_id: str, args: list[Any]) -> Any:
        return await engine.run(self.workflows[workflow], workflow_id, *args)

    async def send(
        self, workflow_id: str, message: Any, topic: str, key: str, row: str | None = None, fail: bool = False
    ) -> None:
        """A decision: its row and its message in one commit, tried until the database takes it."""
        while True:
            try:
                async with AsyncSession(self.database) as session, session.begin():
                    if row is not None:
                        await insert(session, workflow_id, row)
                    await engine.send(session, workflow_id, message, topic, key)
                    if fail:
                        raise RuntimeError("the unit of work failed")
                return
            except (SQLAlchemyError, OSError):
                await asyncio.sleep(0.01)

    async def hold(self, gate: str) -> None:
        """Take every connection of our pool until a gate opens."""
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(self.database.connect())
            engine.services(World).note("held")
            await engine.services(World).pass_through(gate)

    async def status(self, workflow_id: str) -> dict[str, Any]:
        found = await engine.status(workflow_id)
        return {"state": found.state, "name": found.name, "result": found.result, "error": found.error}

    async def cancel(self, workflow_id: str) -> None:
        await engine.cancel(workflow_id)

    async def health(self) -> list[Any]:
        assert engine.Engine.running is not None
        found = await engine.Engine.running.health()
        return [found.state, found.pending]

    async def stop(self) -> None:
        self.ending.set()


async def tend(running: engine.Engine, every: float) -> None:
    while True:
        await running.tend()
        await asyncio.sleep(every)


async def listen(program: Program) -> None:
    reader = asyncio.StreamReader(limit=2**22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            group.create_task(program.answer(line))


async def main(options: argparse.Namespace) -> None:
    database = create_async_engine(
        options.dsn.replace("+psycopg", "+asyncpg"),
        pool_size=5,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=options.pool_timeout,
    )
    engine.bind(World(options.folder))
    running = await engine.launch(
        engine.Config(options.dsn, database, application_version=options.version, grace=options.grace)
    )
    registered: list[Any] = [approval, gated, rows, nap, patience, fragile, crossing, isolation]
    registered += [violation, unstorable, broken, options.release]
    workflows = {each.name: each for each in registered}
    program = Program(database, workflows)
    tasks = [asyncio.create_task(tend(running, options.every)), asyncio.create_task(listen(program))]
    sys.stdout.write('{"n": 0, "value": "ready"}\n')
    sys.stdout.flush()
    await program.ending.wait()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    before = time.monotonic()
    await running.close(options.drain)
    World(options.folder).note("closed", seconds=time.monotonic() - before)
    await database.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("dsn")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--version", default="wf-1")
    parser.add_argument("--code", default="old")
    parser.add_argument("--grace", type=float, default=1.0)
    parser.add_argument("--every", type=float, default=0.2)
    parser.add_argument("--drain", type=float, default=5.0)
    parser.add_argument("--pool-timeout", type=float, default=30.0)
    arguments = parser.parse_args(json.loads(sys.stdin.readline()))
    arguments.release = register_release(arguments.code)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(main(arguments))
