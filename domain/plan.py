"""A plan: what a request comes to, in steps from the catalogue only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.action import Value


@dataclass(frozen=True)
class Step:
    """One action with its arguments (all of them, defaults filled in); numbered from 1."""

    number: int
    action: str
    arguments: Mapping[str, Value]


@dataclass(frozen=True)
class Plan:
    """At least one step, in the order in which they run."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Question:
    """What is missing for the plan. `key` names it (`1.version`: step, parameter); the answer comes back under it.
    `choices` are offered as buttons where there are few.
    """

    key: str
    sentence: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unsure:
    """The request could mean several actions, or none for certain: the nearest ones, best first, to choose from."""

    sentence: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Impossible:
    """No action here does this. `sentence` says so honestly."""

    sentence: str


Outcome = Plan | Question | Unsure | Impossible


@dataclass(frozen=True)
class Inquiry:
    """What the planner gets: the request as typed, and what was answered since, by question key. The answer to an
    `Unsure` stands under `action` as the name of an action.
    """

    request: str
    answers: Mapping[str, str] = field(default_factory=dict)


class Planner(Protocol):
    """Turns a request into a plan. Never invents a step; the same inquiry gives the same outcome."""

    @property
    def name(self) -> str:
        """Who plans: kept with the task."""
        ...

    async def plan(self, inquiry: Inquiry) -> Outcome:
        """One attempt; called again with each answer."""
        ...
