"""A task: one request made with `/execute`, from its first word to its end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaskState(StrEnum):
    """Where a task stands. The names are part of the outside contract."""

    PLANNING = "planning"
    NEEDS_INPUT = "needs_input"
    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPENSATING = "compensating"
    DONE = "done"
    FAILED = "failed"
    COMPENSATED = "compensated"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    IN_DOUBT = "in_doubt"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self in _ENDS

    @property
    def waiting(self) -> bool:
        """Whether a cancellation takes effect at once, since nothing is being done right now."""
        return self in _WAITS


_ENDS = frozenset(
    {
        TaskState.DONE,
        TaskState.FAILED,
        TaskState.COMPENSATED,
        TaskState.CANCELLED,
        TaskState.REJECTED,
        TaskState.EXPIRED,
        TaskState.IN_DOUBT,
    }
)
_WAITS = frozenset({TaskState.PLANNING, TaskState.NEEDS_INPUT, TaskState.AWAITING_APPROVAL})


@dataclass(frozen=True)
class Task:
    """`number` is what people say (12 for `T-12`); `requester` and `channel` are Slack ids."""

    number: int
    request: str
    requester: str
    channel: str
    thread_ts: str | None
    state: TaskState
    correlation_id: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """`T-12`."""
        return task_name(self.number)


def task_name(number: int) -> str:
    """`T-12` for 12: the name of the task everywhere, and the id of its workflow."""
    return f"T-{number}"


def card_key(number: int) -> str:
    """The key of the task's living card."""
    return f"task:{number}"
