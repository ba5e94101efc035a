"""A real Postgres for the suite, and the engine as a process of its own that can be killed and asked."""

import asyncio
import itertools
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from bot.postgres import Cluster, ensure_running

PROGRAM = Path(__file__).with_name("program.py")
REPOSITORY = Path(__file__).parents[3]
DEADLINE_SECONDS = 20.0


async def until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Poll until `condition` (a function, or a coroutine function) gives something true; return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"still not: {what}"
        await asyncio.sleep(0.02)


class Postgres:
    """The server under the engine, to be killed and brought back."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.dsn = cluster.dsn("psycopg")

    def kill(self) -> None:
        """kill -9 of the postmaster."""
        lock_file = self.cluster.home / "data" / "postmaster.pid"
        process = psutil.Process(int(lock_file.read_text().splitlines()[0]))
        process.kill()
        psutil.wait_procs([process], timeout=5)

    async def bring_back(self) -> None:
        await self.cluster.revive(lambda _: None)

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.cluster.dsn().replace("+asyncpg", ""))
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def effects(self, name: str = "%") -> list[str]:
        """The rows that transactions wrote, as workflow/name, in order and repeated if they are."""
        found = await self.fetch("select workflow, name from effect where name like $1 order by 1, 2", name)
        return [f"{row['workflow']}/{row['name']}" for row in found]


class World:
    """What the outside saw: the calls of all processes. A gate lets calls pass once it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def calls(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [each for each in map(json.loads, lines) if each["call"] == name]

    def open(self, gate: str) -> None:
        (self.folder / gate).touch()


class Bot:
    """One process with an engine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.noise = ""
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {
            0: asyncio.get_running_loop().create_future()
        }
        self._readers = asyncio.gather(self._read_replies(), self._read_noise())

    async def ready(self, arguments: list[str]) -> "Bot":
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps(arguments) + "\n").encode())
        await self._reply(0)
        return self

    async def ask(self, do: str, **question: object) -> Any:
        """Have the process use a verb; give back its value. Raises LookupError with the error it met."""
        number = next(self._numbers)
        self._replies[number] = asyncio.get_running_loop().create_future()
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps({"n": number, "do": do, **question}) + "\n").encode())
        return await self._reply(number)

    async def start(self, workflow: str, *ids: str, args: tuple[Any, ...] = ()) -> None:
        await self.ask("start", workflow=workflow, ids=ids, args=args)

    async def state(self, workflow_id: str) -> str:
        return str((await self.ask("status", workflow_id=workflow_id))["state"])

    async def result(self, workflow_id: str, seconds: float = DEADLINE_SECONDS) -> Any:
        """Wait until a workflow is done."""

        async def ended() -> Any:
            found = await self.ask("status", workflow_id=workflow_id)
            return found if found["state"] != "running" else None

        found = await until(ended, f"{workflow_id} has ended", seconds)
        assert found["state"] == "done", found
        return found["result"]

    async def kill(self) -> None:
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._readers

    async def close(self) -> int:
        """Stop it as SIGTERM would; give back its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.write(b'{"n": -1, "do": "stop"}\n')
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._readers
            return await self.process.wait()

    async def _reply(self, number: int) -> Any:
        async with asyncio.timeout(DEADLINE_SECONDS * 2):
            reply = await self._replies[number]
        if "error" in reply:
            raise LookupError(reply["error"])
        return reply["value"]

    async def _read_replies(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            reply = json.loads(line)
            if reply["n"] in self._replies:
                self._replies[reply["n"]].set_result(reply)
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.cancel()

    async def _read_noise(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.noise += line.decode()


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with await ensure_running(tmp_path_factory.mktemp("engine"), lambda _: None) as running:
        yield running
    shutil.rmtree(running.home, ignore_errors=True)


@pytest.fixture
async def postgres(cluster: Cluster) -> Postgres:
    """The server, with no workflow in it and an empty table of effects."""
    await cluster.revive(lambda _: None)
    found = Postgres(cluster)
    # Emptied, not dropped: to make the engine's tables anew takes longer than most tests.
    tables = "select tablename from pg_tables where schemaname = 'dbos' and tablename not like '%migrations'"
    for row in await found.fetch(tables):
        await found.fetch(f"truncate dbos.{row['tablename']} cascade")
    await found.fetch("drop table if exists effect")
    await found.fetch("create table effect (workflow text, name text)")
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


Spawn = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture(scope="session")
async def spawn() -> AsyncIterator[Spawn]:
    """Processes of program.py that have imported all they need: one is made ready while another is used."""

    async def begin() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=2**22,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])},
        )

    spares = [await begin(), await begin()]

    async def spawned() -> asyncio.subprocess.Process:
        spares.append(await begin())
        return spares.pop(0)

    yield spawned
    for each in spares:
        each.kill()
        await each.communicate()


@pytest.fixture
async def launch(
    spawn: Spawn, postgres: Postgres, world: World
) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Start bots, with options of program.py; all are killed with the test."""
    bots: list[Bot] = []

    async def launched(*options: str) -> Bot:
        bots.append(Bot(await spawn()))
        return await bots[-1].ready([postgres.dsn, str(world.folder), *options])

    yield launched
    for each in bots:
        await each.kill()
        sys.stdout.write(each.noise)


@pytest.fixture
def poll() -> Callable[..., Awaitable[Any]]:
    """`await poll(condition, what, seconds)`: see `until`."""
    return until
