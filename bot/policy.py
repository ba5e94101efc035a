"""The approval policy, as its file says it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from bot.document import Document, packaged, read
from domain.action import Effect
from domain.approval import APPROVERS, Level, Requirement, Role, Rule
from domain.errors import ConfigurationError
from domain.risk import Addition, Policy

VARIABLE = "QD_POLICY"
TTL_VARIABLE = "QD_APPROVAL_TTL_SECONDS"
LONGEST_MINUTES = 7 * 24 * 60

_EVERY_APPROVER = tuple(role for role in Role if role in APPROVERS)


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | dict) or value is None else [value]


def _approver(role: Role) -> Role:
    if role not in APPROVERS:
        names = ", ".join(_EVERY_APPROVER)
        raise ValueError(f"`{role}` is no approver role: use some of {names}")
    return role


_Approver = Annotated[Role, AfterValidator(_approver)]
_Roles = Annotated[tuple[_Approver, ...], BeforeValidator(_as_list), Field(min_length=1)]
_Words = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
_Effects = Annotated[tuple[Effect, ...], BeforeValidator(_as_list), Field(min_length=1)]
_Count = Annotated[int, Field(ge=0, le=20, strict=True)]
_Minutes = Annotated[float, Field(gt=0, le=LONGEST_MINUTES, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _When(_Part):
    action: _Words | None = None
    operation: _Words | None = None
    effect: _Effects | None = None
    resource: _Words | None = None
    environment: _Words | None = None
    reversible: StrictBool | None = None
    sensitive: StrictBool | None = None
    cost_over: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class _Rule(_Part):
    level: Level
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    when: _When


class _Requirement(_Part):
    count: _Count
    roles: _Roles = _EVERY_APPROVER
    including: _Roles | None = None
    requester_counts: StrictBool = False
    reason_required: StrictBool = False
    minutes: _Minutes


class _Levels(_Part):
    low: _Requirement
    medium: _Requirement
    high: _Requirement
    critical: _Requirement


class _Addition(_Part):
    count: _Count = 0
    including: _Roles | None = None
    reason_required: Literal[True] | None = None
    requester_counts: Literal[False] | None = None
    minutes: _Minutes | None = None


class _File(_Part):
    default: Level = Level.LOW
    levels: _Levels
    rules: tuple[_Rule, ...]
    operations: Mapping[str, Mapping[str, _Addition]] = Field(default_factory=dict)


def load(path: Path | None = None, ttl_seconds: int | None = None) -> Policy:
    """The policy of the file at `path`, or the packaged one. With `ttl_seconds` every approval lives that long.

    Raises ConfigurationError with file, line and reason.
    """
    if ttl_seconds is not None and not 0 < ttl_seconds <= LONGEST_MINUTES * 60:
        raise ConfigurationError(f"{TTL_VARIABLE} should be from 1 to {LONGEST_MINUTES * 60} seconds.")
    document = read(path or packaged("policy.yaml"), VARIABLE)
    file = document.validate(_File)
    _check(document, file)
    ttl = None if ttl_seconds is None else timedelta(seconds=ttl_seconds)
    return Policy(
        rules=tuple(Rule(rule.level, rule.reason, _facts(rule.when)) for rule in file.rules),
        requirements={level: _requirement(getattr(file.levels, level), ttl) for level in Level},
        default=file.default,
        additions=tuple(
            _addition(operation, environment, each, shorten=ttl is None)
            for operation, environments in file.operations.items()
            for environment, each in environments.items()
        ),
    )


def _facts(when: _When) -> dict[str, Sequence[str] | str | float | bool]:
    return when.model_dump(exclude_none=True)


def _requirement(part: _Requirement, ttl: timedelta | None) -> Requirement:
    return Requirement(
        count=part.count,
        roles=frozenset(part.roles),
        requester_counts=part.requester_counts,
        reason_required=part.reason_required,
        lifetime=ttl or timedelta(minutes=part.minutes),
        including=(frozenset(part.including),) if part.including else (),
    )


def _addition(operation: str, environment: str, part: _Addition, *, shorten: bool) -> Addition:
    minutes = part.minutes if shorten else None
    return Addition(
        operation=operation,
        environment=environment,
        count=part.count,
        including=frozenset(part.including or ()),
        reason_required=part.reason_required is True,
        requester_excluded=part.requester_counts is False,
        lifetime=None if minutes is None else timedelta(minutes=minutes),
    )


def _check(document: Document, file: _File) -> None:
    for number, rule in enumerate(file.rules):
        if not _facts(rule.when):
            document.refuse(["rules", number, "when"], "`when` is empty: name at least one fact")
    for level in Level:
        _check_level(document, level, getattr(file.levels, level))
    for operation, environments in file.operations.items():
        for environment, addition in environments.items():
            if addition == _Addition():
                reason = f"`{environment}` adds nothing: name what it asks for, or remove it"
                document.refuse(["operations", operation, environment], reason)


def _check_level(document: Document, level: Level, part: _Requirement) -> None:
    place = ["levels", level.value]
    serious = level in {Level.HIGH, Level.CRITICAL}
    if serious and part.count == 0:
        document.refuse([*place, "count"], f"`{level}` needs at least one person to agree")
    if serious and part.requester_counts:
        reason = f"the requester never counts for `{level}`: remove `requester_counts`"
        document.refuse([*place, "requester_counts"], reason)
