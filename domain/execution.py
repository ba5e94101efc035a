"""How a plan is carried out: its steps with what came of them, and a task as people see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.action import Value
from domain.approval import Approval, Assessment
from domain.plan import Question, Unsure
from domain.task import Task


class StepState(StrEnum):
    """Where a step stands. `undone` and `undo_failed` are its ends when the task was taken back."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


@dataclass(frozen=True)
class StepRecord:
    """One step: what was planned (`request` as approvers see it), and the receipt of what happened."""

    task: int
    number: int
    action: str
    arguments: Mapping[str, Value]
    digest: str
    request: Mapping[str, Any]
    state: StepState
    calls: int
    receipt: Mapping[str, Any] | None
    undo_receipt: Mapping[str, Any] | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def key(self) -> str:
        """The idempotency key of its call: `T-12:1`."""
        return f"T-{self.task}:{self.number}"


@dataclass(frozen=True)
class Choice:
    """An offered answer: its id is the value of its button."""

    id: int
    task: int
    key: str
    value: str


@dataclass(frozen=True)
class TaskView:
    """Everything that a task's card and `/status T-n` show."""

    task: Task
    steps: tuple[StepRecord, ...]
    assessment: Assessment | None
    approval: Approval | None
    question: Question | Unsure | None
    choices: tuple[Choice, ...]
    note: str | None
    actor: str | None = None
