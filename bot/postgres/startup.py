"""Gets a server from whatever state it was left in to serving, and to rest again."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from bot.postgres.folder import forget_socket_folder
from bot.postgres.probe import Answer, probe
from bot.postgres.server import DATABASE, ROLE, Server

Announce = Callable[[str], None]
P = ParamSpec("P")
T = TypeVar("T")

_ORPHANS_PATIENCE = 120.0
_STOP_PATIENCE = 60.0
_PROGRESS_EVERY = 10.0
_POLL = 0.02
_SLOWEST_POLL = 0.5


async def bring_up(server: Server, announce: Announce) -> None:
    """Returns when the server serves; to be called under the folder's lock.

    Raises ConfigurationError when it cannot. A recovery is waited for however long it takes.
    """
    waiting = Waiting(server, announce)
    while (answer := await probe(server.socket, ROLE, DATABASE)) is not Answer.READY:
        if answer is Answer.EMPTY:
            await in_thread(server.provision)
        elif answer is Answer.REFUSED:
            raise server.failure("let us in", "it runs with settings that are not ours")
        elif answer is Answer.SILENT and server.postmaster() is None:
            await _start(server, waiting)
        else:
            if answer is Answer.SILENT and server.claims_ready():
                announce("PostgreSQL runs, but its socket was removed: starting it again.")
                server.interrupt()
            await waiting.pause()


async def _start(server: Server, waiting: "Waiting") -> None:
    """One attempt. Comes back when the server answers, or when another attempt may succeed."""
    if await in_thread(server.prepare):
        waiting.announce(f"Made a new database in {server.home.path}.")
    server.free_lock_file()
    logged = server.home.log.stat().st_size if server.home.log.exists() else 0
    starter = server.launch()
    try:
        while starter.poll() is None:
            if await probe(server.socket, ROLE, DATABASE) in {Answer.READY, Answer.EMPTY}:
                return
            await waiting.pause()
    finally:
        _dismiss(starter)
    if starter.returncode != 0:
        output = _read_from(server.home.log, logged)
        if not _waits_for_orphans(output) or waiting.seconds() > _ORPHANS_PATIENCE:
            raise server.failure("start", output)
        await waiting.pause()


def _dismiss(starter: subprocess.Popen[bytes]) -> None:
    """`pg_ctl` only waits by now; the server that it detached does not notice its end."""
    if starter.poll() is None:
        starter.kill()
        starter.wait()


def _waits_for_orphans(output: str) -> bool:
    """After a kill -9 of the server, its processes hold its memory until they notice."""
    return "is still in use" in output or '.pid" already exists' in output


def _read_from(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read(100_000).decode(errors="replace")


async def shut_down(server: Server) -> bool:
    """True if something ran. After a minute it goes on stopping alone, and a newcomer waits for it."""
    if not server.interrupt():
        return False
    until = time.monotonic() + _STOP_PATIENCE
    while server.postmaster() is not None:
        if time.monotonic() > until:
            return True
        await asyncio.sleep(_POLL)
    forget_socket_folder(server.home)
    return True


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`asyncio.to_thread` that, when cancelled, first lets the thread end: it may be half through."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


class Waiting:
    """Pauses that grow with the time waited, and a word every ten seconds."""

    def __init__(self, server: Server, announce: Announce) -> None:
        self.announce = announce
        self._log = server.home.log
        self._began = time.monotonic()
        self._next_word = _PROGRESS_EVERY

    def seconds(self) -> float:
        return time.monotonic() - self._began

    async def pause(self) -> None:
        waited = self.seconds()
        if waited >= self._next_word:
            self._next_word = waited + _PROGRESS_EVERY
            self.announce(
                f"PostgreSQL is starting or recovering from a crash: {waited:.0f} s so far (see {self._log})."
            )
        # Each question during a recovery is a line in its log.
        await asyncio.sleep(min(max(_POLL, waited / 10), _SLOWEST_POLL))
