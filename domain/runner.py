"""Carrying out an action: the port, what comes back, and the request as a person reads it before agreeing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from domain.action import Action, Value


class RunOutcome(StrEnum):
    """`in_doubt`: it may have been done or not, and asking again could do it twice."""

    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True)
class Receipt:
    """What came of one call. `status` is the last HTTP status, None without an answer; `sentence` is for people and
    holds no secret; `result` is the answer's JSON fields, bounded; `attempts` counts the requests that were tried.
    """

    outcome: RunOutcome
    status: int | None
    sentence: str
    result: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """The exact request, arguments filled in, secrets as `${NAME}`. For an internal action `method` is empty and
    `address` is its port.
    """

    method: str
    address: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Retry:
    """A call is about to be repeated: after which attempt, in how many seconds, and why."""

    key: str
    attempt: int
    wait_seconds: float
    reason: str


Watch = Callable[[Retry], None]


class ActionRunner(Protocol):
    """Carries out actions of one kind. `key` is `<task>:<step>`: the same key never has a second effect where the
    action is idempotent. Never raises for what the other side does: that is in the receipt.
    """

    async def run(
        self,
        action: Action,
        arguments: Mapping[str, Value],
        key: str,
        watch: Watch | None = None,
        *,
        again: bool = False,
    ) -> Receipt:
        """Do it, repeating what may be repeated and telling `watch` of each time; returns when it is done, failed or
        in doubt. `again`: a process died while it did this under the same key, so that what fails now may have
        been done before.
        """
        ...

    def describe(self, action: Action, arguments: Mapping[str, Value]) -> Request:
        """The request that `run` would send."""
        ...
