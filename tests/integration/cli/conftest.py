"""The command line as a person meets it: what it prints, its status, how it ends."""

import asyncio
import logging
import os
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg
import psutil
import pytest

from bot.__main__ import main
from storage.database import address
from tests.support.process import clean_environment
from tests.support.wait import until


@dataclass(frozen=True)
class Ended:
    """What a command left: its status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What a person reads of a refusal: one line on standard error, which is no traceback."""
        assert self.status == 2, self
        assert "Traceback" not in self.err
        (line,) = self.err.splitlines()
        assert line.endswith("."), line
        return line


Typed = Callable[..., Ended]


@dataclass
class Terminal:
    """A folder to stand in and an environment; `await terminal("doctor")` runs `quarterdeck doctor` there."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    async def open(self, *arguments: object, **settings: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *map(str, arguments),
            cwd=self.folder, env=clean_environment(**self.environment, **settings),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def __call__(self, *arguments: object, **settings: str) -> Ended:
        process = await self.open(*arguments, **settings)
        out, err = await asyncio.wait_for(process.communicate(), 40)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def pipe(self, command: str, reader: str) -> Ended:
        """Run a command in a shell, what it prints read by another."""
        process = await asyncio.create_subprocess_shell(
            f"{shlex.quote(sys.executable)} -m bot {command} | {reader}",
            cwd=self.folder, env=clean_environment(**self.environment),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 40)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    @asynccontextmanager
    async def up(self, *arguments: object, **settings: str) -> AsyncIterator["Running"]:
        """`quarterdeck up`, ready, on free ports; killed at the end if it still runs."""
        ports = ["--http-port", 0, *([] if "--sandbox-port" in arguments else ["--sandbox-port", 0])]
        process = await self.open("up", *ports, *arguments, **settings)
        running = Running(process)
        try:
            await running.wait_until_ready()
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            for child in running.born:  # one that was left behind would keep our pipes open
                _kill(child)
            await running.end()


@dataclass
class Running:
    """A running `up`: what it has printed, and its children."""

    process: asyncio.subprocess.Process
    out: str = ""
    born: list[psutil.Process] = field(default_factory=list)

    async def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(40):
            while "Ctrl-C stops it." not in self.out:
                line = (await self.process.stdout.readline()).decode()
                assert line, await self.end()
                self.out += line
        self.born = self.children()

    def address(self, name: str) -> str:
        """The printed address that stands behind `name`."""
        return next(line.split()[1] for line in self.out.splitlines() if line.split()[:1] == [name])

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def sandbox(self) -> psutil.Process:
        """The sandbox that it started."""
        (found,) = [child for child in self.children() if "sandbox" in child.cmdline()]
        return found

    async def stop(self, number: signal.Signals) -> Ended:
        """Send a signal and wait for the end, ten seconds at most."""
        self.process.send_signal(number)
        async with asyncio.timeout(10):
            return await self.end()

    async def end(self) -> Ended:
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return Ended(self.process.returncode, self.out + out.decode(), err.decode())


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


async def answers(url: str) -> bool:
    """Whether somebody serves this address."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def is_gone(process: psutil.Process) -> None:
    """Wait until a process has ended."""

    def ended() -> bool:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE

    await until(ended, f"process {process.pid} ends", 10)


async def run(url: str, statement: str) -> None:
    """Run one statement on a database."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """In an empty folder, with nothing configured."""
    return Terminal(tmp_path)


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Typed]:
    """`typed("up", …)` is `quarterdeck up …` in an empty folder with nothing else configured, in this process:
    what ends before anything is started needs none of its own, which would take more than a second.
    """
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: object, **settings: str) -> Ended:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        try:
            status = main(list(map(str, arguments)))
        except SystemExit as error:  # from argparse
            status = int(error.code or 0)
        return Ended(status, *capsys.readouterr())

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def connected(terminal: Terminal, database_url: str) -> Terminal:
    """In an empty folder, with a migrated database."""
    terminal.environment["DATABASE_URL"] = address(database_url, "postgresql")
    return terminal


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port where somebody else listens, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
