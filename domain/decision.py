"""Decision: whose word counts on an approval, and what follows from it. Pure rules.

A person speaks once on an approval, in one role: their own, or one that somebody lent them. A word spoken for somebody
is that person's word as well, so a lender and whom they lent to are never two people.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, combinations

from domain.approval import Approval, ApprovalState, Decision, Refusal, Requirement, Role, Verdict, Voice

REMINDER_SHARE = 0.5
"""The part of an approval's lifetime after which people are reminded, once."""
ESCALATION_SHARE = 0.75
"""The part of an approval's lifetime after which the next role is told, once."""

LADDER = (
    frozenset({Role.TEAM_LEAD, Role.ON_CALL}),
    frozenset({Role.TECH_LEAD}),
    frozenset({Role.ENGINEERING_MANAGER}),
    frozenset({Role.CTO}),
)
"""Escalation climbs it, one rung."""


@dataclass(frozen=True)
class _Seat:
    """One way in which somebody may speak: in a role of their own, or in one lent by `lender`."""

    role: Role
    lender: str | None = None


def decide(
    approval: Approval, voice: Voice, approve: bool, reason: str | None, now: datetime
) -> Verdict | Refusal:
    """What comes of somebody's click. Approving may need a reason, rejecting always does; blank is none.

    One rejection ends the approval. Of several roles a person speaks in the one that leaves the fewest people
    missing, their own before a lent one, one of a group that nobody spoke for before others.
    """
    seats = _seats(approval, voice, now)
    if isinstance(seats, Refusal):
        return seats
    stated = (reason or "").strip() or None
    if stated is None and (approval.requirement.reason_required or not approve):
        return Refusal.REASON_MISSING
    options = [Decision(voice.person, seat.role, approve, stated, now, seat.lender) for seat in seats]
    decision = min(options, key=lambda option: _loss(approval, option))
    if not approve:
        return Verdict(decision, ApprovalState.REJECTED)
    left = _loss(approval, decision)[0]
    return Verdict(decision, ApprovalState.PENDING if left else ApprovalState.APPROVED, left)


def objection(approval: Approval, voice: Voice, now: datetime) -> Refusal | None:
    """Why this person may not decide now, if so; with None it waits for them (a reason may still be needed)."""
    seats = _seats(approval, voice, now)
    return seats if isinstance(seats, Refusal) else None


def record(approval: Approval, verdict: Verdict) -> Approval:
    """The approval after a decision. Raises ValueError for one that has ended: decide again on the current one."""
    if approval.state is not ApprovalState.PENDING:
        raise ValueError(f"{approval.name} has ended")
    return replace(approval, decisions=(*approval.decisions, verdict.decision), state=verdict.state)


def expire(approval: Approval, now: datetime) -> Approval:
    """The approval as `expired` if its time is over and it had not ended, else as it is."""
    return replace(approval, state=ApprovalState.EXPIRED) if _is_over(approval, now) else approval


def cancel(approval: Approval) -> Approval:
    """The approval as `cancelled` if it had not ended, else as it is."""
    pending = approval.state is ApprovalState.PENDING
    return replace(approval, state=ApprovalState.CANCELLED) if pending else approval


def missing(approval: Approval) -> int:
    """How many people at least still have to agree; 0 for one that has ended."""
    if approval.state is not ApprovalState.PENDING:
        return 0
    return _lacking(approval.requirement, _agreed(approval))


def wanted(approval: Approval) -> frozenset[Role]:
    """Whose word helps: where enough agreed but nobody of some group did, that group's; else all that may decide."""
    agreed = _agreed(approval)
    unheard = _unheard(approval.requirement, agreed)
    if unheard and _left(approval.requirement, agreed) == 0:
        return frozenset().union(*unheard)
    return approval.requirement.permitted


def next_reminder(approval: Approval, now: datetime) -> datetime | None:
    """When people are to be reminded: at half time, so at once if that has passed. None when there is nothing left
    to say: it ended, is over, was reminded of or escalated. Escalate first where both are due.
    """
    said = approval.reminded_at is not None or approval.escalated_to is not None
    if said or not _is_open(approval, now):
        return None
    return _moment(approval, REMINDER_SHARE)


def next_escalation(approval: Approval, now: datetime) -> datetime | None:
    """When the next role is to be told: at three quarters of the time. None as for the reminder."""
    if approval.escalated_to is not None or not _is_open(approval, now):
        return None
    return _moment(approval, ESCALATION_SHARE)


def escalation(approval: Approval, now: datetime, held: frozenset[Role] = frozenset(Role)) -> Role | None:
    """The role to tell now, if it is time: the one above the lowest that may decide, among those that may.

    `held` are the roles of the people who could still decide: a rung that nobody stands on is passed over.
    Escalation never widens who may decide; where nobody stands above, there is none.
    """
    due = next_escalation(approval, now)
    if due is None or due > now:
        return None
    rungs = [rung & approval.requirement.permitted & held for rung in LADDER]
    above = [rung for rung in rungs if rung][1:]
    return min(above[0], key=_rank) if above else None


def _is_over(approval: Approval, now: datetime) -> bool:
    return approval.state is ApprovalState.PENDING and now >= approval.expires_at


def _is_open(approval: Approval, now: datetime) -> bool:
    return approval.state is ApprovalState.PENDING and now < approval.expires_at


def _moment(approval: Approval, share: float) -> datetime:
    return approval.created_at + (approval.expires_at - approval.created_at) * share


def _rank(role: Role) -> int:
    return tuple(Role).index(role)


def _seats(approval: Approval, voice: Voice, now: datetime) -> list[_Seat] | Refusal:
    """In which ways somebody may speak now, the preferred first; or why in none."""
    if approval.state is ApprovalState.EXPIRED or _is_over(approval, now):
        return Refusal.EXPIRED
    if approval.state is not ApprovalState.PENDING:
        return Refusal.ENDED
    asked_it = voice.person == approval.requester
    if asked_it and not approval.requirement.requester_counts:
        return Refusal.OWN_REQUEST
    seats = list(_claims(approval.requirement, voice))
    if not seats:
        return Refusal.NOT_A_ROLE
    spoken = {name for each in approval.decisions for name in (each.person, each.on_behalf_of)}
    if voice.person in spoken:
        return Refusal.ALREADY_DECIDED
    own = [seat for seat in seats if seat.lender is None]
    if asked_it:
        return own or Refusal.OWN_REQUEST
    foreign = [seat for seat in seats if seat.lender != approval.requester]
    if not foreign:
        return Refusal.LENT_BY_REQUESTER
    return [seat for seat in foreign if seat.lender not in spoken - {None}] or Refusal.LENDER_DECIDED


def _claims(requirement: Requirement, voice: Voice) -> Iterator[_Seat]:
    """Every permitted role somebody has or was lent: own before lent, in the order of the roles."""
    for role in sorted(voice.roles & requirement.permitted, key=_rank):
        yield _Seat(role)
    for lender in sorted(voice.lent):
        if lender != voice.person:
            for role in sorted(voice.lent[lender] & requirement.permitted, key=_rank):
                yield _Seat(role, lender)


def _agreed(approval: Approval) -> list[Role]:
    return [each.role for each in approval.decisions if each.approve]


def _loss(approval: Approval, decision: Decision) -> tuple[int, bool, int]:
    agreed = [*_agreed(approval), decision.role]
    unheard = len(_unheard(approval.requirement, agreed))
    return _lacking(approval.requirement, agreed), decision.on_behalf_of is not None, unheard


def _left(requirement: Requirement, agreed: list[Role]) -> int:
    """How many of `count` are still open."""
    return max(requirement.count - sum(role in requirement.roles for role in agreed), 0)


def _unheard(requirement: Requirement, agreed: list[Role]) -> list[frozenset[Role]]:
    """The groups that nobody spoke for."""
    return [group for group in requirement.including if group.isdisjoint(agreed)]


def _lacking(requirement: Requirement, agreed: list[Role]) -> int:
    """The least number of further people, each in one role, that completes `count` and every group."""
    left, groups = _left(requirement, agreed), _unheard(requirement, agreed)
    helpers = [set(some) for some in _subsets(requirement.permitted) if _covers(some, groups)]
    return min(len(some) + max(left - len(some & requirement.roles), 0) for some in helpers)


def _subsets(roles: frozenset[Role]) -> Iterator[tuple[Role, ...]]:
    ordered = sorted(roles, key=_rank)
    return chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1))


def _covers(roles: Iterable[Role], groups: list[frozenset[Role]]) -> bool:
    return all(not group.isdisjoint(roles) for group in groups)
