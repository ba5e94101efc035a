"""Background tasks: one that fails is logged, counted and started again, and never takes its siblings along."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from workflows.measures import Measures

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
CALM_SECONDS = 60.0


class Supervisor:
    """Owns every task beside the main one. `close` waits for what is short and cancels what runs for ever."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._loops: set[asyncio.Task[None]] = set()
        self._short: set[asyncio.Task[None]] = set()

    def keep(self, name: str, run: Callable[[], Awaitable[object]]) -> None:
        """Run something that never ends, again after a pause whenever it fails or returns."""
        self._own(self._loops, name, self._keep(name, run))

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something once beside the caller; it may be lost with the process."""
        self._own(self._short, name, self._once(name, work))

    def _own(self, group: set[asyncio.Task[None]], name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        group.add(task)
        task.add_done_callback(group.discard)

    async def _keep(self, name: str, run: Callable[[], Awaitable[object]]) -> None:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_SECONDS
        while True:
            began = loop.time()
            try:
                await run()
                log.error("The background task %s ended, which it should not", name)
            except Exception:
                log.exception("The background task %s failed and starts again", name)
            self._measures.restarts.labels(name).inc()
            pause = (
                FIRST_PAUSE_SECONDS
                if loop.time() - began > CALM_SECONDS
                else min(pause * 2, LONGEST_PAUSE_SECONDS)
            )
            await asyncio.sleep(pause)

    async def _once(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            self._measures.restarts.labels(name).inc()
            log.exception("The background task %s failed", name)

    async def finish(self, seconds: float) -> None:
        """Give what was spawned so long to end."""
        if self._short:
            await asyncio.wait(self._short, timeout=seconds)

    async def close(self) -> None:
        """Cancel everything that still runs."""
        tasks = [*self._short, *self._loops]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
