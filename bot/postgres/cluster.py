"""Brings the embedded server up for whoever needs it, and stops it after the last one.

Every user of the server holds a shared lock on the users file. On leaving it tries for the exclusive one, and
whoever gets that is the last and stops the server. The kernel drops the locks of the killed, so that they are
never counted. While the last one stops the server it holds the lock, and newcomers wait for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Literal, Never, Self
from urllib.parse import quote

from bot.postgres.account import server_account
from bot.postgres.binary import Binaries, find_binaries, readable_binaries
from bot.postgres.folder import (
    PORT,
    SYSTEM_FOLDER,
    Home,
    find_home,
    prepare_data_folder,
    socket_folder,
    told_as_sentence,
)
from bot.postgres.lock import FileLock, exclusive
from bot.postgres.server import DATABASE, ROLE, Server
from bot.postgres.startup import bring_up, in_thread, shut_down

Announce = Callable[[str], None]

_WATCH_EVERY = 1.0
_DELAY = "Another Quarterdeck is {} the database of this folder; waiting for it."


class Cluster:
    """A running server that we are registered with; `close` when done with it."""

    def __init__(self, folder: Path, server: Server, users: FileLock) -> None:
        self._folder = folder
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

    async def revive(self, announce: Announce) -> None:
        """Starts the server again if it died; otherwise nothing. Raises like `ensure_running`."""
        async with _starting(self._folder, announce):
            await bring_up(self._server, announce)

    async def watch(self, announce: Announce) -> Never:
        """Revives the server within about a second of its death, until cancelled; to be supervised."""
        while True:
            await asyncio.sleep(_WATCH_EVERY)
            if self._server.postmaster() is None:
                announce("The embedded PostgreSQL has died: starting it again.")
                await self.revive(announce)

    async def close(self) -> bool:
        """Leaves the server, and stops it when nobody else uses it. True if it was stopped."""
        if self._users.closed:
            return False
        try:
            return self._users.take(exclusive=True) and await shut_down(self._server)
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
    folder = await in_thread(prepare_data_folder, data_dir)
    async with _starting(folder, announce):
        server = await in_thread(_locate, folder, announce, system_folder)
        users = FileLock(server.home.users_lock)
        try:
            await users.wait(exclusive=False, on_delay=lambda: announce(_DELAY.format("stopping")))
            await bring_up(server, announce)
        except BaseException:
            if users.take(exclusive=True):
                server.interrupt()
            users.close()
            raise
        return Cluster(folder, server, users)


def _starting(folder: Path, announce: Announce) -> AbstractAsyncContextManager[None]:
    """The lock under which a folder's server is found, made and started."""
    return exclusive(folder / "postgres.lock", lambda: announce(_DELAY.format("starting")))


def _locate(folder: Path, announce: Announce, system_folder: Path) -> Server:
    home = find_home(folder, server_account(announce), system_folder.resolve())
    with told_as_sentence("prepare the folders of the embedded PostgreSQL"):
        return Server(_binaries(home), home, socket_folder(home))


def _binaries(home: Home) -> Binaries:
    return find_binaries() if home.is_own else readable_binaries(home.path.parent)
