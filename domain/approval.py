"""Approval: who has to agree before a plan is carried out, and what a decision is worth. Pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """Risk, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Role(StrEnum):
    """Who somebody is here. Everyone is at least a developer."""

    DEVELOPER = "developer"
    ON_CALL = "on_call"
    TEAM_LEAD = "team_lead"
    TECH_LEAD = "tech_lead"
    ENGINEERING_MANAGER = "engineering_manager"
    CTO = "cto"
    SECURITY_TEAM = "security_team"


APPROVERS = frozenset(Role) - {Role.DEVELOPER}
LEADS = frozenset({Role.TEAM_LEAD, Role.TECH_LEAD, Role.ENGINEERING_MANAGER, Role.CTO})


class ApprovalState(StrEnum):
    """`pending` until it ends."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Assessment:
    """How risky a plan is: level, score from 0 to 10, and a sentence for each reason."""

    level: Level
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Requirement:
    """What a level asks for. `count` different people of one of `roles`, and for each group in `including` somebody
    of one of its roles, among them or beside them; the requester counts or does not.
    """

    count: int
    roles: frozenset[Role]
    requester_counts: bool
    reason_required: bool
    lifetime: timedelta
    including: tuple[frozenset[Role], ...] = ()

    @property
    def immediate(self) -> bool:
        """Whether nobody has to be asked."""
        return self.count == 0 and not self.including

    @property
    def permitted(self) -> frozenset[Role]:
        """The roles whose word counts at all."""
        return self.roles.union(*self.including)


@dataclass(frozen=True)
class Decision:
    """One person's word on an approval, as the one with `role`; `on_behalf_of` is who delegated to them."""

    person: str
    role: Role
    approve: bool
    reason: str | None
    at: datetime
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class Approval:
    """A request for agreement, bound to the digests of the exact arguments of its plan's steps. It keeps the
    requirement it was made with: a policy that changes while it waits does not change it.
    """

    number: int
    task: int
    requester: str
    level: Level
    requirement: Requirement
    state: ApprovalState
    created_at: datetime
    expires_at: datetime
    decisions: tuple[Decision, ...] = ()
    digests: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    escalated_to: Role | None = None
    reminded_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """`A-3`."""
        return f"A-{self.number}"


@dataclass(frozen=True)
class Voice:
    """Somebody who wants to decide, at this moment: their own roles, and those lent to them, by lender. Lent are the
    lender's own roles: what was lent to the lender is not passed on.
    """

    person: str
    roles: frozenset[Role]
    lent: Mapping[str, frozenset[Role]] = field(default_factory=dict)


class Refusal(StrEnum):
    """Why a decision does not count; `blocks` has the sentence for each."""

    ENDED = "ended"
    EXPIRED = "expired"
    NOT_A_ROLE = "not_a_role"
    OWN_REQUEST = "own_request"
    LENT_BY_REQUESTER = "lent_by_requester"
    ALREADY_DECIDED = "already_decided"
    LENDER_DECIDED = "lender_decided"
    REASON_MISSING = "reason_missing"


@dataclass(frozen=True)
class Verdict:
    """What a decision leads to: the decision as it is recorded, the approval's state after it, and how many people
    at least are still needed.
    """

    decision: Decision
    state: ApprovalState
    missing: int = 0


@dataclass(frozen=True)
class RiskFacts:
    """What the policy is told about one step."""

    action: str
    operation: str
    effect: str
    resource: str
    environment: str
    reversible: bool
    sensitive: bool
    cost: float


@dataclass(frozen=True)
class Rule:
    """One line of the policy: where all of `when` fits a step, its level is at least `level`. The keys of `when` are
    the fields of RiskFacts, each with a word or several of which one must fit, or true or false; and `cost_over`.
    """

    level: Level
    reason: str
    when: Mapping[str, Sequence[str] | str | float | bool]
