"""This process among its replicas: alive for as long as it holds its advisory lock.

DBOS without its commercial parts has no failure detector. Here each process takes a session-level advisory
lock on its executor id, over one connection that does nothing else; Postgres frees it when the process dies,
and then any other may take over what the dead one left.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, NullPool, Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 5.0
LOCK = "select pg_try_advisory_lock(hashtextextended(:id, 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended(:id, 0))"
OTHERS = """select distinct executor_id from dbos.workflow_status
where status = 'PENDING' and application_version = :version and executor_id <> :id"""
# What the library's own recovery does, for all at once: one by one it takes 15 s for a thousand.
ADOPT = """update dbos.workflow_status set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
    updated_at = (extract(epoch from clock_timestamp()) * 1000)::bigint,
    queue_name = coalesce(queue_name, '_dbos_internal_queue')
where status = 'PENDING' and executor_id = :orphan and application_version = :version returning 1"""


class Executor:
    """One id a process, never used again: nobody else wants its lock after a lost connection."""

    def __init__(self, url: URL) -> None:
        self.id = f"bot-{secrets.token_hex(4)}"
        self._engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"timeout": TIMEOUT_SECONDS, "command_timeout": TIMEOUT_SECONDS},
        )
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()
        self._free_since: dict[str, float] = {}

    async def query(self, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
        """Run one statement on the dedicated connection; if that was lost, connect and take the lock again.

        Raises OSError or SQLAlchemyError while the database is away.
        """
        async with self._turn:
            try:
                connection = await self._connect()
                return (await connection.execute(text(statement), parameters)).all()
            except BaseException:
                await self._drop()
                raise

    async def adopt(self, version: str, grace: float) -> None:
        """Queue the pending workflows of executors whose lock has been free for `grace` seconds.

        Any live process takes them from the queue. The grace lets one that lives take its lock again after an
        outage. An owner that was taken for dead by mistake can record nothing more.
        """
        others = {row[0] for row in await self.query(OTHERS, version=version, id=self.id)}
        self._free_since = {each: since for each, since in self._free_since.items() if each in others}
        for orphan in sorted(others):
            if (await self.query(LOCK, id=orphan))[0][0]:
                if self._is_gone(orphan, grace):
                    adopted = await self.query(ADOPT, orphan=orphan, version=version)
                    log.info("took over %s workflows of %s, which is gone", len(adopted), orphan)
                await self.query(UNLOCK, id=orphan)
            else:
                self._free_since.pop(orphan, None)

    async def close(self) -> None:
        """Free the lock: from now on another process may take over what is left here."""
        async with self._turn:
            with suppress(OSError, SQLAlchemyError):
                if self._connection is not None:
                    # The server notices a closed connection a moment later; this holds when it returns.
                    await self._connection.execute(text("select pg_advisory_unlock_all()"))
            await self._drop()
        await self._engine.dispose()

    def _is_gone(self, executor_id: str, grace: float) -> bool:
        now = time.monotonic()
        return now - self._free_since.setdefault(executor_id, now) >= grace

    async def _connect(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._engine.connect()
            taken = await self._connection.execute(text(LOCK), {"id": self.id})
            # Another holds it only while it takes us for dead: the next query tries again.
            if not taken.scalar_one():
                raise ConnectionError("another process holds the lock of this executor")
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, SQLAlchemyError):
                await connection.invalidate()
                await connection.close()
