"""Risk: how much could go wrong with a plan, and who therefore has to agree. Pure rules over facts of its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce

from domain.action import ENVIRONMENT, PRODUCTION, Action, Effect, Value
from domain.approval import Assessment, Level, Requirement, RiskFacts, Role, Rule

COST_OVER = "cost_over"
ANYWHERE = "*"
"""As the environment of an addition: any."""

UNREMARKABLE = "No rule of the policy calls for more care."

_ORDER = {level: rank for rank, level in enumerate(Level)}
_FLOORS = {Level.LOW: 0.0, Level.MEDIUM: 2.5, Level.HIGH: 5.0, Level.CRITICAL: 7.5}
_WEIGHT = 0.5
_MOST_WEIGHT = 2.0


@dataclass(frozen=True)
class Addition:
    """What an operation in an environment (`*`: any) asks for beyond its level. It can only be stricter: at least
    `count` people, also somebody of `including`, a reason, never the requester, at most `lifetime`.
    """

    operation: str
    environment: str
    count: int = 0
    including: frozenset[Role] = frozenset()
    reason_required: bool = False
    requester_excluded: bool = False
    lifetime: timedelta | None = None


@dataclass(frozen=True)
class Policy:
    """`requirements` has an entry for every level; `default` is the level of a step that no rule fits."""

    rules: tuple[Rule, ...]
    requirements: Mapping[Level, Requirement]
    default: Level = Level.LOW
    additions: tuple[Addition, ...] = field(default=())


def describe(action: Action, arguments: Mapping[str, Value]) -> RiskFacts:
    """The facts of one step. Where neither the request nor the catalogue names an environment, it is production."""
    risk = action.risk
    return RiskFacts(
        action=action.name,
        operation=risk.operation,
        effect=action.effect,
        resource=risk.resource,
        environment=str(arguments.get(ENVIRONMENT) or risk.environment or PRODUCTION),
        reversible=risk.reversible,
        sensitive=risk.sensitive,
        cost=risk.cost,
    )


def assess(facts: Sequence[RiskFacts], policy: Policy) -> Assessment:
    """The risk of a plan: the highest level and score of its steps, and the reason of each rule that fits one.

    A reason that would stand for a low risk is left out where the risk is not low. The score orders plans within
    their level (low from 0, medium from 2.5, high from 5, critical from 7.5): every reason beyond the first, a
    change that cannot be undone and sensitive data add half a point each, at most two points.
    """
    steps = [(each, _fitting(each, policy)) for each in facts]
    level = max((_level(rules, policy) for _, rules in steps), key=_rank, default=policy.default)
    score = max((_score(each, rules, policy) for each, rules in steps), default=_FLOORS[level])
    rules = sorted((rule for _, fitting in steps for rule in fitting), key=lambda rule: -_rank(rule.level))
    told = [rule.reason for rule in rules if level is Level.LOW or rule.level is not Level.LOW]
    return Assessment(level, score, tuple(dict.fromkeys(told)) or (UNREMARKABLE,))


def describe_impact(facts: Sequence[RiskFacts]) -> str:
    """What a plan changes and where, in one line: `update service in production; delete data in staging, for good`."""
    parts = [
        f"{each.effect} {each.resource} in {each.environment}" + ("" if each.reversible else ", for good")
        for each in facts
    ]
    return "; ".join(dict.fromkeys(parts))


def require(facts: Sequence[RiskFacts], level: Level, policy: Policy) -> Requirement:
    """Who has to agree to a plan of this level: what the level asks for, and what its operations add."""
    additions = [each for each in policy.additions if any(_concerns(each, step) for step in facts)]
    return reduce(_tighten, additions, policy.requirements[level])


def _rank(level: Level) -> int:
    return _ORDER[level]


def _fitting(facts: RiskFacts, policy: Policy) -> list[Rule]:
    return [rule for rule in policy.rules if all(_fits(facts, *each) for each in rule.when.items())]


def _fits(facts: RiskFacts, name: str, wanted: Sequence[str] | str | float | bool) -> bool:
    if name == COST_OVER:
        return not facts.cost <= float(str(wanted))  # a cost that is no number is not a small one
    actual = getattr(facts, name)
    if isinstance(actual, bool):
        return actual is wanted
    words = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, Sequence) else []
    return _fold(actual) in map(_fold, words)


def _fold(word: str) -> str:
    return word.strip().casefold()


def _level(rules: Sequence[Rule], policy: Policy) -> Level:
    return max((rule.level for rule in rules), key=_rank, default=policy.default)


def _score(facts: RiskFacts, rules: Sequence[Rule], policy: Policy) -> float:
    level = _level(rules, policy)
    reasons = sum(1 for rule in rules if level is Level.LOW or rule.level is not Level.LOW)
    irreversible = not facts.reversible and facts.effect != Effect.READ
    aggravations = max(reasons - 1, 0) + irreversible + facts.sensitive
    return _FLOORS[level] + min(_WEIGHT * aggravations, _MOST_WEIGHT)


def _concerns(addition: Addition, facts: RiskFacts) -> bool:
    anywhere = addition.environment == ANYWHERE
    there = anywhere or _fold(addition.environment) == _fold(facts.environment)
    return there and _fold(addition.operation) == _fold(facts.operation)


def _tighten(requirement: Requirement, addition: Addition) -> Requirement:
    groups = (*requirement.including, addition.including) if addition.including else requirement.including
    return Requirement(
        count=max(requirement.count, addition.count),
        roles=requirement.roles,
        requester_counts=requirement.requester_counts and not addition.requester_excluded,
        reason_required=requirement.reason_required or addition.reason_required,
        lifetime=min(requirement.lifetime, addition.lifetime or requirement.lifetime),
        including=tuple(dict.fromkeys(groups)),
    )
