"""The database of this process: the embedded one or another, migrated and connected."""

import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import postgres
from bot.settings import Settings
from domain.errors import ConfigurationError
from storage.database import UNAVAILABLE, Database, address, connect, create_engine
from storage.migrations import runner

log = logging.getLogger(__name__)

Watch = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Store:
    """An open database; `watch` keeps the embedded server alive, where it is one."""

    database: Database
    psycopg_url: str
    watch: Watch | None


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


@asynccontextmanager
async def open_store(settings: Settings, *, exclusive: bool = True) -> AsyncIterator[Store]:
    """The migrated database, for as long as the block lasts. With `exclusive` no other `up` may use the folder.

    Raises ConfigurationError with what hinders it.
    """
    if settings.database_url is not None:
        async with _connected(settings.database_url.get_secret_value(), None) as store:
            yield store
        return
    if exclusive:
        with postgres.claim(settings.data_dir):
            async with _embedded(settings.data_dir) as store:
                yield store
        return
    async with _embedded(settings.data_dir) as store:
        yield store


@asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[str]:
    """The address (`postgresql+asyncpg://…`) of the database as it is: nobody looked yet whether it answers or what
    stands in it. An embedded one runs for as long as the block lasts.
    """
    if settings.database_url is not None:
        yield address(settings.database_url.get_secret_value(), "postgresql+asyncpg")
        return
    async with await postgres.ensure_running(settings.data_dir, say) as cluster:
        yield cluster.dsn("asyncpg")


@asynccontextmanager
async def _embedded(data_dir: Path) -> AsyncIterator[Store]:
    async with await postgres.ensure_running(data_dir, say) as cluster:

        async def watch() -> None:
            await cluster.watch(log.warning)

        async with _connected(cluster.dsn("asyncpg"), watch) as store:
            yield store


@asynccontextmanager
async def _connected(url: str, watch: Watch | None) -> AsyncIterator[Store]:
    asyncpg_url, psycopg_url = address(url, "postgresql+asyncpg"), address(url, "postgresql")
    try:
        await migrate(asyncpg_url)
        database = await connect(asyncpg_url)
    except UNAVAILABLE as error:
        log.debug("The database does not answer", exc_info=error)
        raise ConfigurationError(
            f"The database cannot be used ({explain(error)}): check that DATABASE_URL is right and the server runs."
        ) from error
    try:
        yield Store(database, psycopg_url, watch)
    finally:
        await database.close()


async def migrate(url: str) -> None:
    """Bring the schema up to date."""
    engine = create_engine(url)
    try:
        await runner.upgrade(engine)
    finally:
        await engine.dispose()


def explain(error: BaseException) -> str:
    """The first line of what the database or the network said."""
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200] or type(error).__name__
