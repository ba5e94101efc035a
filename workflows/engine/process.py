"""The engine of this process: launched once on the main loop, tended every few seconds, closed at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from dbos import DBOS, AsyncSQLAlchemyDatasource, DBOSClient
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from workflows.engine import library, weather
from workflows.engine.executor import Executor
from workflows.engine.failure import NotLaunchedError
from workflows.engine.serial import JsonSerializer

S = TypeVar("S")
log = logging.getLogger(__name__)
WEATHER = (SQLAlchemyError, OSError)

COUNTS = """select count(*) filter (where status = 'PENDING'), count(*) filter (where status = 'ENQUEUED')
from dbos.workflow_status where status in ('PENDING', 'ENQUEUED') and application_version = :version"""
# What waits here in vain: a message came while nobody listened, or the workflow was cancelled elsewhere.
OVERDUE = """select w.id, w.topic
from unnest(cast(:ids as text[]), cast(:topics as text[])) as w (id, topic)
where exists (select from dbos.notifications n
              where n.destination_uuid = w.id and n.topic = w.topic and not n.consumed)
   or exists (select from dbos.workflow_status s
              where s.workflow_uuid = w.id and s.status not in ('PENDING', 'ENQUEUED'))"""


@dataclass(frozen=True)
class Config:
    """`url` is Postgres for psycopg (`postgresql://…`), `database` our asyncpg engine on the same database.

    `application_version` changes only with workflows that no patch can keep compatible. `grace`: for how many
    seconds an executor's lock must have been free before another takes its workflows over.
    """

    url: str
    database: AsyncEngine
    application_version: str = "wf-1"
    grace: float = 10.0


@dataclass(frozen=True)
class Health:
    """`pending` workflows run or wait; `recovering` until those that were left behind have been taken up."""

    state: Literal["running", "recovering", "down"]
    pending: int


class Engine:
    """DBOS is global to a process, and so are those beside it: the engine, what workflows work with, and in a process
    without an engine what it sends by.
    """

    running: ClassVar["Engine | None"] = None
    bound: ClassVar[object | None] = None
    attached: ClassVar[DBOSClient | None] = None

    def __init__(self, config: Config, executor: Executor) -> None:
        self.config = config
        self._executor = executor
        self._system = library.create_system_engine(config.url)
        weather.mark(self._system)
        self._recovery: asyncio.Task[None] | None = None
        self._closing = False
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._away = False

    @property
    def executor_id(self) -> str:
        """The id under whose advisory lock this process works, here and in the outbox; never used again."""
        return self._executor.id

    async def open(self) -> None:
        """Launch DBOS on this loop, and begin to take over what dead executors left."""
        url, version = self.config.url, self.config.application_version
        await self._executor.query("select 1")
        self.dbos = library.create_dbos(self._system, url, version, self._executor.id)
        database = weather.share_patiently(self.config.database)
        self.datasource = await AsyncSQLAlchemyDatasource.create(
            url, engine=database, schema=library.SCHEMA, serializer=JsonSerializer()
        )
        # On the loop itself, although it blocks: workflows run on the loop that launch is called from.
        DBOS.launch()
        self.client = library.create_client(self._system)
        self._recovery = asyncio.create_task(self._recover(), name="engine-recovery")

    @asynccontextmanager
    async def admission(self) -> AsyncIterator[None]:
        """Around every step: once the engine closes none begins, and those in flight are waited for."""
        if self._closing:
            await asyncio.Event().wait()
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def tend(self) -> None:
        """To be called every few seconds: keep this executor's lock, take over what dead ones left, and wake
        what waits in vain (after a lost connection). Quiet while the database is away.
        """
        try:
            if self._recovery is not None and self._recovery.done():
                await self._adopt(self.config.grace)
            await self._wake()
        except WEATHER as error:
            if not self._away:
                log.warning("the engine lost the database: %s", _first_line(error))
            self._away = True
        else:
            if self._away:
                log.info("the engine has the database back")
            self._away = False

    def nudge(self, workflow_id: str) -> None:
        """Make a workflow that waits in this process notice that it was cancelled."""
        for (waiting_id, _), signal in library.waiters(self.dbos).items():
            if waiting_id == workflow_id:
                signal.set()

    async def health(self) -> Health:
        """One cheap query; `down` without the database."""
        try:
            rows = await self._executor.query(COUNTS, version=self.config.application_version)
            pending, enqueued = (int(each) for each in rows[0])
        except WEATHER:
            return Health("down", 0)
        recovering = enqueued or (self._recovery is not None and not self._recovery.done())
        return Health("recovering" if recovering else "running", pending)

    async def close(self, drain: float = 5.0) -> None:
        """Let the steps in flight end (at most `drain` seconds), then stop. What waits stays stored."""
        self._closing = True
        if self._in_flight:
            self._idle.clear()
            try:
                await asyncio.wait_for(self._idle.wait(), drain)
            except TimeoutError:
                log.warning("%s steps did not end within %s s and will run again", self._in_flight, drain)
        if self._recovery is not None:
            self._recovery.cancel()
        await library.stop_tasks(self.dbos, timeout=1.0)
        await self.abandon()
        Engine.running = None

    async def abandon(self) -> None:
        """Stop DBOS, from a thread of its own: it joins threads that may wait for this loop."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="engine-close") as pool:
            await loop.run_in_executor(pool, DBOS.destroy)
            await loop.run_in_executor(pool, self._system.dispose)
        # DBOS made its own pool the default of this loop; whoever closes after us still needs one.
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="loop"))
        await self._executor.close()

    async def _recover(self) -> None:
        try:
            await self._adopt(grace=0)
        except WEATHER as error:
            log.warning(
                "the engine lost the database while it took over what was left: %s", _first_line(error)
            )

    async def _adopt(self, grace: float) -> None:
        await self._executor.adopt(self.config.application_version, grace)

    async def _wake(self) -> None:
        waiters = library.waiters(self.dbos)
        if not waiters:
            return
        ids, topics = [each[0] for each in waiters], [each[1] for each in waiters]
        for row in await self._executor.query(OVERDUE, ids=ids, topics=topics):
            waiters[row.id, row.topic].set()


async def launch(config: Config) -> Engine:
    """Start the engine on the running loop, which must be the main one. What was left behind goes on at once.

    `bind` comes first, or at the latest before the next `await`. Raises SQLAlchemyError or OSError if the
    database cannot be reached.
    """
    if Engine.running is not None:
        raise RuntimeError("the engine is running already")
    engine = Engine(config, Executor(config.database.url))
    try:
        await engine.open()
    except BaseException:
        await engine.abandon()
        raise
    Engine.running = engine
    return engine


@asynccontextmanager
async def attach(url: str) -> AsyncIterator[None]:
    """Let a process that runs no workflows `send` to those of others, for as long as the block lasts. `url` is as in
    Config; nothing is launched and nothing of others is taken over.
    """
    if Engine.running is not None or Engine.attached is not None:
        raise RuntimeError("this process can send already")
    system = library.create_system_engine(url)
    Engine.attached = library.create_client(system)
    try:
        yield
    finally:
        Engine.attached = None
        system.dispose()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def current() -> Engine:
    """The engine of this process. Raises NotLaunchedError."""
    if Engine.running is None:
        raise NotLaunchedError("the engine is not running in this process: call launch first")
    return Engine.running


def sender() -> DBOSClient:
    """What this process sends by: its engine's, or that of `attach`. Raises NotLaunchedError."""
    return Engine.attached or current().client


def bind(services: object) -> None:
    """Give workflows what they work with. Once, before `launch`."""
    Engine.bound = services


def services(kind: type[S]) -> S:
    """What `bind` was given, typed: `engine.services(Services)`. Raises TypeError if it is another type."""
    if not isinstance(Engine.bound, kind):
        raise TypeError(f"the engine is bound to {type(Engine.bound).__name__}, not {kind.__name__}")
    return Engine.bound
