"""Starts the workflows of tasks after their acknowledgement: a few at a time, and never in its way.

Starting a workflow costs ten times as much as accepting a task. So a task is acknowledged after one commit, its
start waits here, and the sweep finds the tasks whose start was lost with the process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from storage import task as tasks
from storage.database import UNAVAILABLE, Database
from workflows.measures import Measures
from workflows.priority import give_way

log = logging.getLogger(__name__)

WORKERS = 2
REST_SECONDS = 0.12
"""After each start. Planning a task takes about 40 ms of processor time, and a burst must leave room for others."""
CAPACITY = 1_000
SWEEP_SECONDS = 2.0
LONGEST_YIELD_SECONDS = 2.0


class Starter:
    """`start` begins the workflow of one task and may be repeated. `idle` is set while nothing waits for its ack."""

    def __init__(
        self,
        database: Database,
        measures: Measures,
        start: Callable[[int], Awaitable[None]],
        idle: asyncio.Event,
    ) -> None:
        self._database = database
        self._measures = measures
        self._start = start
        self._idle = idle
        self._queue: asyncio.Queue[int] = asyncio.Queue(CAPACITY)
        self._known: set[int] = set()

    def offer(self, number: int) -> None:
        """Start this task soon. When too many wait already the sweep will find it later."""
        if number in self._known or self._queue.full():
            return
        self._known.add(number)
        self._queue.put_nowait(number)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())
            group.create_task(self._sweep())

    async def _work(self) -> None:
        while True:
            number = await self._queue.get()
            try:
                await give_way(self._idle, LONGEST_YIELD_SECONDS)
                await self._begin(number)
            finally:
                self._known.discard(number)
            await asyncio.sleep(REST_SECONDS)

    async def _begin(self, number: int) -> None:
        with self._measures.workflow_start_seconds.labels("execution").time():
            try:
                await self._start(number)
            except Exception:
                # The row stays, and the sweep tries again; what is wrong stands in the log.
                self._measures.workflow_starts.labels("execution", "failed").inc()
                log.exception("The workflow of task T-%s did not start; it will be tried again", number)
            else:
                self._measures.workflow_starts.labels("execution", "started").inc()

    async def _sweep(self) -> None:
        while True:
            try:
                async with self._database.unit_of_work() as session:
                    missing = await tasks.list_unstarted(session, age_seconds=SWEEP_SECONDS, limit=CAPACITY)
            except UNAVAILABLE as error:
                log.warning("The sweep for tasks without a workflow has to wait for Postgres: %s", error)
            else:
                for number in missing:
                    self.offer(number)
            await asyncio.sleep(SWEEP_SECONDS)
