"""How things stand: the facts behind `/status` and `/readyz`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.task import Task

SlackState = Literal["connected", "reconnecting", "revoked"]
EngineState = Literal["starting", "running", "recovering", "down"]


@dataclass(frozen=True)
class Fault:
    """A place where Slack does not let us write, and what waits for it."""

    channel: str
    reason: str
    since: datetime
    waiting: int


@dataclass(frozen=True)
class Overview:
    """What one person sees of the whole from one channel. `elsewhere` counts tasks of theirs that are not shown
    because everybody in the channel reads the answer.
    """

    tasks: list[Task]
    faults: list[Fault]
    failed: int
    backlog: int
    slack: SlackState
    engine: EngineState
    elsewhere: int = 0


@dataclass(frozen=True)
class Vitals:
    """How to ask the parts that only the running process knows."""

    slack: Callable[[], SlackState]
    engine: Callable[[], EngineState]


@dataclass(frozen=True)
class Readiness:
    """What `/readyz` answers, field by field (the names are part of the outside contract)."""

    status: Literal["ready", "starting", "unavailable"]
    slack: SlackState
    engine: EngineState
    delivery_backlog: int | None
