"""Approvals and people to decide on them, for the tests of this folder."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.approval import (
    APPROVERS,
    LEADS,
    Approval,
    ApprovalState,
    Level,
    Refusal,
    Requirement,
    Role,
    Verdict,
    Voice,
)
from domain.decision import decide, record

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
REQUIREMENTS = {
    Level.MEDIUM: Requirement(1, APPROVERS, True, False, timedelta(minutes=30)),
    Level.HIGH: Requirement(1, LEADS, False, False, timedelta(minutes=60)),
    Level.CRITICAL: Requirement(2, APPROVERS, False, True, timedelta(minutes=90), (LEADS,)),
}


def approval(level: Level = Level.HIGH, requirement: Requirement | None = None) -> Approval:
    needed = requirement or REQUIREMENTS[level]
    return Approval(
        number=1,
        task=1,
        requester="U0DEV",
        level=level,
        requirement=needed,
        state=ApprovalState.PENDING,
        created_at=START,
        expires_at=START + needed.lifetime,
    )


def voice(person: str, *roles: Role, **lent: Role) -> Voice:
    """`voice("U0A", Role.CTO, U0B=Role.TECH_LEAD)`: U0A is CTO, and U0B lent them to be tech lead."""
    return Voice(
        person,
        frozenset({Role.DEVELOPER, *roles}),
        {lender: frozenset({Role.DEVELOPER, role}) for lender, role in lent.items()},
    )


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def agree(asked: Approval, who: Voice, minutes: float = 1) -> Verdict | Refusal:
    return decide(asked, who, True, "It is needed.", after(minutes))


def reject(asked: Approval, who: Voice, reason: str | None = "Not today.") -> Verdict | Refusal:
    return decide(asked, who, False, reason, after(1))


def agreed(asked: Approval, *voices: Voice) -> Approval:
    """The approval after these people agreed, each of whom must be able to."""
    for who in voices:
        verdict = agree(asked, who)
        assert isinstance(verdict, Verdict), (who, verdict)
        asked = record(asked, verdict)
    return asked


def ended(asked: Approval, state: ApprovalState) -> Approval:
    return replace(asked, state=state)
