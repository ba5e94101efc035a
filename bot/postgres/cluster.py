"""Brings the embedded server up for whoever needs it, and stops it after the last one.

Every user of the server holds a shared lock on the users file. On leaving it tries for the exclusive one, and
whoever gets that is the last and stops the server. The kernel drops the locks of the killed, so that they are
never counted. While the last one stops the server it holds the lock, and newcomers wait for it.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

from bot.postgres.account import server_account
from bot.postgres.binary import Binaries, find_binaries, readable_binaries
from bot.postgres.folder import (
    PORT,
    SYSTEM_FOLDER,
    Home,
    find_home,
    forget_socket_folder,
    prepare_data_folder,
    socket_folder,
    told_as_sentence,
)
from bot.postgres.lock import FileLock, exclusive
from bot.postgres.probe import Answer, probe
from bot.postgres.server import DATABASE, ROLE, Server

Announce = Callable[[str], None]

_POLL = 0.02
_ORPHANS_PATIENCE = 120.0
_STOP_PATIENCE = 60.0
_PROGRESS_EVERY = 10.0


class Cluster:
    """A running server that we are registered with; `close` when done with it."""

    def __init__(self, server: Server, users: FileLock) -> None:
        self._server = server
        self._users = users

    @property
    def home(self) -> Path:
        """The folder that holds the database, its log and, as a rule, its socket."""
        return self._server.home.path

    @property
    def log(self) -> Path:
        return self._server.home.log

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket: the `host` of a connection."""
        return self._server.sockets

    def dsn(self, driver: Literal["asyncpg", "psycopg"] = "asyncpg", database: str = DATABASE) -> str:
        """A SQLAlchemy URL; it carries no secret, the operating system vouches for us."""
        # The port is named because the drivers would take it from PGPORT.
        host = quote(str(self.sockets), safe="/")
        return f"postgresql+{driver}://{ROLE}@/{quote(database)}?host={host}&port={PORT}"

    async def close(self) -> bool:
        """Leaves the server, and stops it when nobody else uses it. True if it was stopped."""
        if self._users.closed:
            return False
        try:
            return self._users.take(exclusive=True) and await _stop(self._server)
        finally:
            self._users.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def ensure_running(
    data_dir: Path, announce: Announce, *, system_folder: Path = SYSTEM_FOLDER
) -> Cluster:
    """Makes, starts or joins the server of a data folder, and waits until it serves.

    A server that recovers from a crash may take minutes; `announce` then hears of it. Raises
    ConfigurationError with what hinders it. Cancelling is safe at any time.
    """
    folder = await asyncio.to_thread(prepare_data_folder, data_dir)
    delay = "Another Quarterdeck is starting the database of this folder; waiting for it."
    async with exclusive(folder / "postgres.lock", lambda: announce(delay)):
        server = await asyncio.to_thread(_locate, folder, announce, system_folder)
        users = FileLock(server.home.users_lock)
        try:
            stopping = "Another Quarterdeck is stopping the database of this folder; waiting for it."
            await users.wait(exclusive=False, on_delay=lambda: announce(stopping))
            await _bring_up(server, announce)
        except BaseException:
            if users.take(exclusive=True):
                server.interrupt()
            users.close()
            raise
        return Cluster(server, users)


def _locate(folder: Path, announce: Announce, system_folder: Path) -> Server:
    account = server_account(announce)
    home = find_home(folder, account, system_folder)
    with told_as_sentence("prepare the folders of the embedded PostgreSQL"):
        binaries = _binaries(home, system_folder)
        return Server(binaries, home, socket_folder(home))


def _binaries(home: Home, system_folder: Path) -> Binaries:
    if not home.account.spawn_options():
        return find_binaries()
    return readable_binaries(system_folder)


async def _bring_up(server: Server, announce: Announce) -> None:
    progress = _Progress(server, announce)
    orphans_until = time.monotonic() + _ORPHANS_PATIENCE
    while (answer := await probe(server.socket, ROLE, DATABASE)) is not Answer.READY:
        if answer is Answer.EMPTY:
            await asyncio.to_thread(server.provision)
        elif answer is Answer.REFUSED:
            raise server.failure("let us in", "it runs with settings that are not ours")
        elif answer is Answer.SILENT and server.postmaster() is None:
            await _start(server, progress, orphans_until)
        else:
            progress.tell()
            await asyncio.sleep(_POLL)


async def _start(server: Server, progress: "_Progress", orphans_until: float) -> None:
    """One attempt; comes back when the server answers, or when it could not start but may if tried again."""
    fresh = await asyncio.to_thread(server.prepare)
    if fresh:
        progress.announce(f"Made a new database in {server.home.path}.")
    logged = server.home.log.stat().st_size if server.home.log.exists() else 0
    starter = server.launch()
    try:
        while starter.poll() is None:
            if await probe(server.socket, ROLE, DATABASE) in {Answer.READY, Answer.EMPTY}:
                return
            progress.tell()
            await asyncio.sleep(_POLL)
    finally:
        _dismiss(starter)
    if starter.returncode != 0:
        output = _read_from(server.home.log, logged)
        if not _waits_for_orphans(output) or time.monotonic() > orphans_until:
            raise server.failure("start", output)
        progress.tell()
        await asyncio.sleep(0.1)


def _dismiss(starter: subprocess.Popen[bytes]) -> None:
    """`pg_ctl` only waits by now; the server that it detached does not notice its end."""
    if starter.poll() is None:
        starter.kill()
        starter.wait()


def _waits_for_orphans(output: str) -> bool:
    """After a kill -9 of the server, its processes hold its memory until they notice."""
    return "is still in use" in output or 'lock file "postmaster.pid" already exists' in output


def _read_from(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read(100_000).decode(errors="replace")


async def _stop(server: Server) -> bool:
    """Waits up to a minute; a server that needs longer goes on stopping, and a newcomer waits for it."""
    if not server.interrupt():
        return False
    until = time.monotonic() + _STOP_PATIENCE
    while server.postmaster() is not None:
        if time.monotonic() > until:
            return True
        await asyncio.sleep(_POLL)
    forget_socket_folder(server.home)
    return True


class _Progress:
    """Says every ten seconds that the server is still not there."""

    def __init__(self, server: Server, announce: Announce) -> None:
        self.announce = announce
        self._server = server
        self._began = time.monotonic()
        self._next = self._began + _PROGRESS_EVERY

    def tell(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PROGRESS_EVERY
            seconds, log = round(now - self._began), self._server.home.log
            self.announce(
                f"PostgreSQL is starting, or recovering from a crash: {seconds} s so far (see {log})."
            )
