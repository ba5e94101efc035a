"""Real servers. Making the files of one takes a second, so most tests share one folder:
each starts a server on it and leaves it stopped."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from bot.postgres import Cluster, ensure_running

REPOSITORY = Path(__file__).parents[3]
_DEADLINE = 20.0


def _home(data_dir: Path) -> Path:
    pointer = data_dir / "postgres.home"
    return Path(pointer.read_text().strip()) if pointer.exists() else data_dir / "postgres"


def _find_server(home: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int((home / "data" / "postmaster.pid").read_text().splitlines()[0]))
        living = process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(home / "data")
    except (OSError, psutil.NoSuchProcess):
        return None
    return process if living else None


@pytest.fixture
def find_home() -> Callable[[Path], Path]:
    return _home


@pytest.fixture
def find_server() -> Callable[[Path], psutil.Process | None]:
    """The living server process of a data folder, or None."""
    return lambda data_dir: _find_server(_home(data_dir))


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("shared") / "data"
    yield folder
    _remove(folder)


@pytest.fixture
def data_dir(shared_dir: Path) -> Iterator[Path]:
    """A data folder whose server is stopped; its database may be there already."""
    yield shared_dir
    _kill(shared_dir)


@pytest.fixture
def empty_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet."""
    folder = tmp_path / "data"
    yield folder
    _remove(folder)


def _kill(folder: Path) -> None:
    if process := _find_server(_home(folder)):
        process.kill()
        while _find_server(_home(folder)) is not None:
            time.sleep(0.01)


def _remove(folder: Path) -> None:
    _kill(folder)
    if _home(folder).is_dir():
        shutil.rmtree(_home(folder))


@pytest.fixture
def told() -> list[str]:
    """What was announced."""
    return []


Opener = Callable[[Path], Awaitable[Cluster]]


@pytest.fixture
async def open_cluster(told: list[str]) -> AsyncIterator[Opener]:
    """Opens clusters that are closed with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(data_dir: Path) -> Cluster:
            return await stack.enter_async_context(await ensure_running(data_dir, told.append))

        yield opened


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[Cluster], Awaitable[asyncpg.Connection]]]:
    """A plain connection to a cluster, closed with the test even if its server was killed."""
    connections: list[asyncpg.Connection] = []

    async def connected(cluster: Cluster) -> asyncpg.Connection:
        connections.append(await asyncpg.connect(cluster.dsn().replace("+asyncpg", "")))
        return connections[-1]

    yield connected
    for connection in connections:
        connection.terminate()


@pytest.fixture
async def until() -> Callable[[Callable[[], object], str], Awaitable[None]]:
    """Waits until a condition holds."""

    async def wait(condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + _DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"still not: {what}"
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def spawn() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Runs Python code in a process of its own; it is killed with the test if it still runs."""
    processes: list[subprocess.Popen[str]] = []

    def spawned(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])},
        )
        processes.append(process)
        return process

    yield spawned
    for process in processes:
        process.kill()
        process.communicate()
