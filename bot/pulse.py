"""How the process is: asked from time to time, kept for `/status`, `/readyz` and `/metrics`."""

import asyncio
import logging
from collections.abc import Callable

from domain.deadline import enforce
from domain.overview import EngineState, Readiness, SlackState, Vitals
from storage.database import UNAVAILABLE, Database
from storage.outbox import count_backlog
from storage.task import count_by_state
from workflows.engine import Engine
from workflows.measures import Measures, set_tasks

log = logging.getLogger(__name__)

PERIOD_SECONDS = 2.0
DATABASE_SECONDS = 2.0


def _connecting() -> SlackState:
    return "reconnecting"


class Pulse:
    """`started` becomes true once the first Slack connection stands and the engine runs, and stays so."""

    def __init__(self, database: Database, measures: Measures) -> None:
        self._database = database
        self._measures = measures
        self._engine_state: EngineState = "starting"
        self.engine: Engine | None = None
        self.slack: Callable[[], SlackState] = _connecting
        self.started = False
        self.vitals = Vitals(slack=self._slack_now, engine=self._engine_now)

    def _slack_now(self) -> SlackState:
        return self.slack()

    def _engine_now(self) -> EngineState:
        return self._engine_state

    async def run(self) -> None:
        """Tend the engine and ask how it is, for ever."""
        while True:
            await self.beat()
            await asyncio.sleep(PERIOD_SECONDS)

    async def beat(self) -> None:
        """One round."""
        if self.engine is None:
            return
        await self.engine.tend()
        health = await self.engine.health()
        self._engine_state = health.state
        self._measures.engine_up.set(health.state != "down")
        self._measures.engine_pending.set(health.pending)

    async def measure(self) -> None:
        """Read what `/metrics` tells of the database. Without it the last figures stay."""
        await self.readiness()
        try:
            set_tasks(self._measures, await enforce(self._count_tasks(), DATABASE_SECONDS))
        except UNAVAILABLE as error:
            log.warning("The tasks cannot be counted: %s", error)

    async def _count_tasks(self) -> dict[str, int]:
        async with self._database.unit_of_work() as session:
            return await count_by_state(session)

    async def readiness(self) -> Readiness:
        """What `/readyz` answers. Never raises; without the database it is `unavailable`."""
        try:
            backlog = await enforce(count_backlog(self._database), DATABASE_SECONDS)
        except UNAVAILABLE as error:
            log.warning("Postgres does not answer: %s", error)
            return Readiness("unavailable", self.slack(), self._engine_state, None)
        self._measures.delivery_backlog.set(backlog)
        return Readiness("ready" if self.started else "starting", self.slack(), self._engine_state, backlog)
