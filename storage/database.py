"""The database: one pool for SQLAlchemy, one for the paths that must be quick, and the only commit."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session as SyncSession

from domain.errors import ConfigurationError

Session = AsyncSession
"""What repositories take: they never commit."""

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

UNAVAILABLE = (
    OSError,
    TimeoutError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DBAPIError,
)
"""What a statement raises while Postgres is away (and, some of it, when the statement itself is wrong)."""

ENGINE_CONNECTIONS = 5
QUICK_CONNECTIONS = 4
COMMAND_TIMEOUT_SECONDS = 20

_LIBPQ_ONLY = frozenset(
    {
        *("channel_binding", "client_encoding", "connect_timeout", "fallback_application_name", "gssencmode"),
        *("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "requirepeer"),
        *("replication", "sslcompression", "tcp_user_timeout"),
    }
)


@dataclass(frozen=True)
class Database:
    """`engine` serves units of work and the durable engine's transactions; `quick` is a raw asyncpg pool for
    single statements on the path of an acknowledgement, where SQLAlchemy would cost four times as much.
    """

    engine: AsyncEngine
    quick: asyncpg.Pool

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncSession]:
        """One transaction, READ COMMITTED: committed at the end of the block, rolled back on an error."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close both pools."""
        await self.quick.close()
        await self.engine.dispose()


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Have `act` called once the session's transaction has committed, and never if it is rolled back: what a retried
    transaction counts is counted once. `act` must not fail.
    """
    waiting = [act]

    def run(committed: SyncSession) -> None:
        # A savepoint that is released is told of as a commit, too.
        if waiting and not committed.in_nested_transaction():
            waiting.pop()()

    event.listen(session.sync_session, "after_commit", run)


async def _no_reset(connection: Any) -> None:
    """Our statements leave nothing behind in the session, and a reset is a round trip each."""


def address(url: str, driver: str) -> str:
    """The same database for another driver: `postgresql` (psycopg, libpq) or `postgresql+asyncpg`."""
    try:
        return make_url(url).set(drivername=driver).render_as_string(hide_password=False)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "DATABASE_URL is not an address: it looks like postgresql://user@host/quarterdeck."
        ) from error


def _asyncpg_address(url: str) -> str:
    """For asyncpg itself, which reads libpq's arguments (`sslmode`, `host`, …) and takes those that it does not
    know for settings of the server.
    """
    known = make_url(address(url, "postgresql")).difference_update_query(_LIBPQ_ONLY)
    return known.render_as_string(hide_password=False).replace(":@", "@")


def create_engine(url: str) -> AsyncEngine:
    """The SQLAlchemy engine for `url` (`postgresql+asyncpg://…`)."""
    plain = _asyncpg_address(url)

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(
            plain, command_timeout=COMMAND_TIMEOUT_SECONDS, server_settings={"timezone": "UTC"}
        )

    return create_async_engine(
        url,
        # Given the address, SQLAlchemy would hand `sslmode` and others on to asyncpg, which refuses them that way.
        async_creator=connect,
        pool_size=ENGINE_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # what people say stays out of errors and logs
        isolation_level="READ COMMITTED",
    )


async def connect(url: str) -> Database:
    """Open both pools on `url` (`postgresql+asyncpg://…`)."""
    quick = await asyncpg.create_pool(
        _asyncpg_address(url),
        min_size=1,
        max_size=QUICK_CONNECTIONS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings={"timezone": "UTC"},
        reset=_no_reset,
    )
    return Database(create_engine(url), quick)
