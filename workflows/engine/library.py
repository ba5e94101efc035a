"""Where we lean on the inside of DBOS 3.4.0: every seam in one place, each held by a contract test.

The version is pinned exactly; a new one is taken only when `tests/contract/engine` passes.
"""

import asyncio
import logging
import threading
import time
from typing import Any

import sqlalchemy
from dbos import DBOS, DBOSClient, DBOSConfig
from dbos import _serialization as serialization
from dbos import _sys_db as system_database

from workflows.engine.serial import JsonSerializer

SCHEMA = "dbos"
NAME = "quarterdeck"
# With the listener's own connection and the executor's lock, six for the engine.
POOL_SIZE = 4
THREADS = 64
LONGEST_BACKOFF_SECONDS = 2.0
QUIET_SECONDS = 30.0


def create_system_engine(url: str) -> sqlalchemy.Engine:
    """The pool for DBOS's own tables (psycopg): small, and quick to notice a dead peer.

    An engine of ours (a documented setting): parameters stay out of errors and logs, and a launch does not
    look for a database called postgres.
    """
    return sqlalchemy.create_engine(
        sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": "quarterdeck-engine",
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            "options": "-c idle_in_transaction_session_timeout=60000",
        },
    )


def create_dbos(engine: sqlalchemy.Engine, url: str, version: str, executor_id: str) -> DBOS:
    """The one DBOS of this process, configured and not launched: no telemetry, no console, no admin door."""
    _quiet()
    _refuse_pickle()
    system_database.time = _Time()  # type: ignore[attr-defined,assignment]
    config: DBOSConfig = {
        "name": NAME,
        "system_database_url": url,
        "system_database_engine": engine,
        "dbos_system_schema": SCHEMA,
        "application_version": version,
        "executor_id": executor_id,
        "serializer": JsonSerializer(),
        "max_executor_threads": THREADS,
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    return DBOS(config=config)


def create_client(engine: sqlalchemy.Engine) -> DBOSClient:
    """What sends within a transaction of ours. It connects to nothing before it is used otherwise."""
    _quiet()
    _refuse_pickle()
    return DBOSClient(
        system_database_engine=engine,
        dbos_system_schema=SCHEMA,
        serializer=JsonSerializer(),
        application_name=NAME,
        lazy=True,
    )


def waiters(dbos: DBOS) -> dict[tuple[str, str], Any]:
    """What waits in this process: (workflow id, topic) -> a signal; `set()` makes it look for its message."""
    found = dbos._sys_db.notifications_map.snapshot()  # noqa: SLF001
    return {(workflow_id, topic): signal for _, (workflow_id, topic, _), signal in found}


async def stop_tasks(dbos: DBOS, timeout: float) -> None:
    """Cancel the tasks of all workflows (their rows stay PENDING) and end what waits for a lost database."""
    tasks = list(dbos._workflow_tasks)  # noqa: SLF001
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=timeout)
    # Only now: an operation that gives up while its workflow lives would fail the workflow.
    dbos._sys_db._retry_connection_errors = False  # noqa: SLF001
    system_database.time.stopped.set()  # type: ignore[attr-defined]


class _Time:
    """The `time` that DBOS's retry of a lost connection sees. Its sleeps would double up to a minute; here
    they stay short, so that all is well soon after the database is back, and end when the engine stops.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.stopped.wait(min(seconds, LONGEST_BACKOFF_SECONDS))

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class _NoPickle(serialization.DefaultSerializer):
    """DBOS unpickles a row that says it is a pickle, whatever serializer is set: this refuses."""

    def serialize(self, data: Any) -> str:
        raise TypeError("pickle is not used here")

    def deserialize(self, serialized_data: str) -> Any:
        raise TypeError("a pickled value in the database is refused")


def _refuse_pickle() -> None:
    serialization.DBOSDefaultSerializer = _NoPickle()


class _Quiet(logging.Filter):
    """One record from each line of DBOS in half a minute: an outage would log one for every workflow."""

    # We say these better: a workflow that failed is logged with its id, one that was cancelled is no news.
    MUTED = (
        "Exception encountered in asynchronous workflow",
        "Asyncio task cancelled for",
        "was cancelled during",
        "no longer owned by this execution",
        "DBOS failed to launch",
    )

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if any(part in message for part in self.MUTED):
            return False
        place = (record.pathname, record.lineno)
        now = time.monotonic()
        if now - self._last.get(place, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        self._last[place] = now
        if record.levelno <= logging.WARNING:
            # Its warnings are the weather, with whole tracebacks and statements in the text.
            first = message.partition("\n")[0].removesuffix(" Traceback (most recent call last):")
            record.msg, record.args, record.exc_info = first, (), None
        return True


def _quiet() -> None:
    """Route DBOS's logger to the standard logging. Any handler keeps it from adding its own console."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(each, _Quiet) for each in logger.filters):
        logger.addHandler(logging.NullHandler())
        logger.addFilter(_Quiet())
    logger.setLevel(logging.WARNING)
    logger.propagate = True
