"""Stops the bot at a row that it writes: a trigger in the test's own database, of which the product knows nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg

from storage.database import address
from tests.support.wait import until

LOCK = 4711
SECONDS = 20.0
_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_advisory_xact_lock({LOCK}); RETURN NULL; END';
CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_notify(''trap'', ''''); RETURN NULL; END';
"""
_HELD = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Point:
    """The first row written to `table` that fits `condition` (over NEW; `{task}` is the task's number). `hold`: its
    transaction stands there, nothing of it committed. `tell`: it was committed a moment ago.
    """

    name: str
    kind: Literal["hold", "tell"]
    table: str
    condition: str = "true"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Trap:
    """One database's trap: set, sprung, cleared."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._told = asyncio.Event()
        self._set: list[Point] = []

    async def set(self, points: Sequence[Point], task: int) -> None:
        """From now on the bot is caught there: at the first with this task, at the second with the next one, ….
        Several are held together; one that tells stands alone.
        """
        assert len(points) == 1 or all(each.kind == "hold" for each in points)
        self._told.clear()
        await self._connection.execute(_FUNCTIONS)
        await self._connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await self._connection.add_listener("trap", self._hear)
        for number, point in enumerate(points, start=task):
            await self._connection.execute(
                f"CREATE TRIGGER trap_{number} AFTER INSERT OR UPDATE ON {point.table} FOR EACH ROW"
                f" WHEN ({point.condition.format(task=number)}) EXECUTE FUNCTION {point.kind}()"
            )
            self._set.append(point)
        self._first = task

    async def sprung(self) -> None:
        """Return once the bot is caught, at every point."""
        if self._set[0].kind == "tell":
            async with asyncio.timeout(SECONDS):
                await self._told.wait()
            return

        async def all_held() -> bool:
            return len(await self._held()) == len(self._set)

        await until(all_held, f"the bot stands at {', '.join(map(str, self._set))}", SECONDS, 0.005)

    async def clear(self) -> None:
        """Roll back what the dead bot left standing in it, and take it away."""
        for held in await self._held():
            await self._connection.execute("SELECT pg_terminate_backend($1)", held["pid"])

        async def empty() -> bool:
            return not await self._held()

        await until(empty, "what was held is rolled back")
        for number, point in enumerate(self._set, start=self._first):
            await self._connection.execute(f"DROP TRIGGER trap_{number} ON {point.table}")
        self._set.clear()
        await self._connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        await self._connection.remove_listener("trap", self._hear)

    async def _held(self) -> list[Any]:
        found: list[Any] = await self._connection.fetch(_HELD, LOCK)
        return found

    def _hear(self, *_: object) -> None:
        self._told.set()


@asynccontextmanager
async def open_trap(database_url: str) -> AsyncIterator[Trap]:
    """A trap on a connection of its own."""
    connection = await asyncpg.connect(address(database_url, "postgresql"))
    try:
        yield Trap(connection)
    finally:
        await connection.close()
