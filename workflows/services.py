"""The typed bag of ports that every workflow gets. It is built once, in `bot.wiring`."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.action import Catalogue
from domain.chat import Chat
from domain.directory import Directory
from domain.overview import Vitals
from domain.plan import Planner
from domain.risk import Policy
from domain.runner import ActionRunner
from storage.database import Database
from storage.outbox import Outbox
from workflows.measures import Measures
from workflows.priority import always_idle

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]


@dataclass(frozen=True)
class Nudges:
    """In-process wake-ups after a commit. Losing one costs a second, since every loop also looks by itself."""

    deliver: Callable[[], None]
    start_task: Callable[[int], None]


@dataclass(frozen=True)
class Pace:
    """Settings of the delivery loop: seconds between two messages of a channel, and how many channels at once. `idle`
    is set while nothing waits to be acknowledged.
    """

    channel_interval: float = 1.0
    lanes: int = 32
    idle: asyncio.Event = field(default_factory=always_idle)


class Deciding(Protocol):
    """What deciding on an approval takes. The bot has it among its services, the command line alone."""

    @property
    def database(self) -> Database:
        """Where approvals are kept."""
        ...

    @property
    def directory(self) -> Directory:
        """Who has which role."""
        ...

    @property
    def nudges(self) -> Nudges:
        """What to wake after the commit."""
        ...


@dataclass(frozen=True)
class Services:
    """Everything a workflow may reach. `spawn` runs something that may be lost, supervised, beside the caller."""

    database: Database
    outbox: Outbox
    chat: Chat
    measures: Measures
    nudges: Nudges
    vitals: Vitals
    pace: Pace
    spawn: Spawn
    catalogue: Catalogue
    planner: Planner
    policy: Policy
    directory: Directory
    runner: ActionRunner
