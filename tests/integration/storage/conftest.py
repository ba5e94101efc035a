"""Databases in several states, and people who ask."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.postgres import Cluster
from domain.ask import Ask
from domain.card import Place
from storage.database import Database, address, connect, create_engine
from tests.support import wait
from tests.support.store import fresh_database

Query = Callable[..., Awaitable[list[asyncpg.Record]]]


@pytest.fixture
async def empty(cluster: Cluster) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with nothing in it."""
    async with fresh_database(cluster, "template0") as url:
        engine = create_engine(url)
        yield engine
        await engine.dispose()


@pytest.fixture
async def query(database_url: str) -> AsyncIterator[Query]:
    """What an operator sees with psql, on a connection of its own."""
    connection = await asyncpg.connect(address(database_url, "postgresql"))
    yield connection.fetch
    await connection.close()


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Callable[[], Awaitable[Database]]]:
    """Pools of further replicas on the same database."""
    async with AsyncExitStack() as stack:

        async def open_another() -> Database:
            database = await connect(database_url)
            stack.push_async_callback(database.close)
            return database

        yield open_another


@pytest.fixture
def make_ask() -> Callable[..., Ask]:
    def make(key: str = "message:C0OPS:1", text: str = "deploy checkout", person: str = "U0DEV") -> Ask:
        return Ask(key, person, Place("C0OPS"), text, f"correlation-{key}", datetime.now(UTC))

    return make


@pytest.fixture
def is_waiting(query: Query) -> Callable[[], Awaitable[bool]]:
    """Whether some statement on this database waits for a lock."""

    async def look() -> bool:
        rows = await query(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        await asyncio.sleep(0)
        return bool(rows)

    return look


@pytest.fixture
def until() -> Callable[..., Awaitable[object]]:
    return wait.until
