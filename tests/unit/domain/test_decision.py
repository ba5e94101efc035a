"""Whose word counts on an approval. The sentences for refusals are tested in tests/unit/blocks/test_refusal.py."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
)
from domain.decision import (
    cancel,
    decide,
    escalation,
    expire,
    missing,
    next_escalation,
    next_reminder,
    objection,
    record,
    wanted,
)
from tests.unit.domain.approvals import after, agree, agreed, approval, ended, reject, voice

LEAD = voice("U0LEAD", Role.TECH_LEAD)
MANAGER = voice("U0MANAGER", Role.ENGINEERING_MANAGER)
ON_CALL = voice("U0ONCALL", Role.ON_CALL)
SECOND_ON_CALL = voice("U0SECOND", Role.ON_CALL)
DEVELOPER = voice("U0OTHER")
HIGH = approval(Level.HIGH)
MEDIUM = approval(Level.MEDIUM)
CRITICAL = approval(Level.CRITICAL)


def test_one_lead_approves_what_is_high() -> None:
    verdict = agree(HIGH, LEAD)

    assert isinstance(verdict, Verdict)
    assert (verdict.state, verdict.missing) == (ApprovalState.APPROVED, 0)
    assert (verdict.decision.person, verdict.decision.role) == ("U0LEAD", Role.TECH_LEAD)
    assert verdict.decision.on_behalf_of is None
    assert verdict.decision.at == after(1)


def test_what_is_critical_takes_two_people_and_the_first_is_told_that_one_is_missing() -> None:
    first = agree(CRITICAL, ON_CALL)

    assert isinstance(first, Verdict)
    assert (first.state, first.missing) == (ApprovalState.PENDING, 1)
    assert agreed(CRITICAL, ON_CALL, LEAD).state is ApprovalState.APPROVED
    assert agreed(CRITICAL, LEAD, ON_CALL).state is ApprovalState.APPROVED
    assert agreed(CRITICAL, LEAD, MANAGER).state is ApprovalState.APPROVED


def test_two_people_without_a_lead_are_not_enough_for_what_is_critical() -> None:
    asked = agreed(CRITICAL, ON_CALL, SECOND_ON_CALL)

    assert wanted(agreed(CRITICAL, ON_CALL)) == APPROVERS
    assert (asked.state, missing(asked), wanted(asked)) == (ApprovalState.PENDING, 1, LEADS)
    assert agreed(asked, LEAD).state is ApprovalState.APPROVED


@pytest.mark.parametrize("asked", [MEDIUM, HIGH, CRITICAL])
def test_one_rejection_ends_it(asked: Approval) -> None:
    verdict = reject(asked, LEAD)

    assert isinstance(verdict, Verdict)
    assert (verdict.state, verdict.missing) == (ApprovalState.REJECTED, 0)
    assert verdict.decision.reason == "Not today."


def test_a_rejection_ends_what_somebody_had_approved() -> None:
    verdict = reject(agreed(CRITICAL, ON_CALL), LEAD)

    assert isinstance(verdict, Verdict)
    assert verdict.state is ApprovalState.REJECTED


@pytest.mark.parametrize("reason", [None, "", " \n\t"])
def test_a_rejection_needs_a_reason(reason: str | None) -> None:
    assert reject(HIGH, LEAD, reason) is Refusal.REASON_MISSING


@pytest.mark.parametrize("reason", [None, "", " "])
def test_only_what_is_critical_needs_a_reason_to_be_approved(reason: str | None) -> None:
    assert decide(CRITICAL, LEAD, True, reason, after(1)) is Refusal.REASON_MISSING
    assert isinstance(decide(HIGH, LEAD, True, reason, after(1)), Verdict)


def test_a_reason_is_kept_without_the_blanks_around_it() -> None:
    verdict = decide(CRITICAL, LEAD, True, "  It is needed. \n", after(1))

    assert isinstance(verdict, Verdict)
    assert verdict.decision.reason == "It is needed."


def test_nobody_without_a_role_that_may_decide_approves_or_rejects() -> None:
    assert agree(MEDIUM, DEVELOPER) is Refusal.NOT_A_ROLE
    assert agree(HIGH, ON_CALL) is Refusal.NOT_A_ROLE
    assert reject(HIGH, ON_CALL) is Refusal.NOT_A_ROLE
    assert agree(HIGH, voice("U0SEC", Role.SECURITY_TEAM)) is Refusal.NOT_A_ROLE


def test_who_may_not_decide_is_not_asked_for_a_reason_first() -> None:
    assert decide(CRITICAL, DEVELOPER, True, None, after(1)) is Refusal.NOT_A_ROLE


@pytest.mark.parametrize("asked", [HIGH, CRITICAL])
def test_nobody_decides_on_their_own_high_or_critical_request(asked: Approval) -> None:
    own = voice("U0DEV", Role.CTO)

    assert agree(asked, own) is Refusal.OWN_REQUEST
    assert reject(asked, own) is Refusal.OWN_REQUEST


def test_an_approver_may_approve_their_own_medium_request() -> None:
    assert agreed(MEDIUM, voice("U0DEV", Role.ON_CALL)).state is ApprovalState.APPROVED
    assert agree(MEDIUM, voice("U0DEV")) is Refusal.NOT_A_ROLE


def test_one_person_is_not_two() -> None:
    asked = agreed(CRITICAL, LEAD)

    assert agree(asked, LEAD) is Refusal.ALREADY_DECIDED
    assert reject(asked, LEAD) is Refusal.ALREADY_DECIDED
    assert agree(asked, voice("U0LEAD", Role.CTO)) is Refusal.ALREADY_DECIDED


def test_a_person_speaks_in_the_role_that_is_missing() -> None:
    several = voice("U0BOTH", Role.ON_CALL, Role.CTO)

    assert agreed(CRITICAL, several).decisions[0].role is Role.CTO
    assert agreed(CRITICAL, LEAD, several).state is ApprovalState.APPROVED


@pytest.mark.parametrize("state", [ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.CANCELLED])
def test_nothing_counts_after_the_end(state: ApprovalState) -> None:
    asked = ended(HIGH, state)

    assert agree(asked, LEAD) is Refusal.ENDED
    assert reject(asked, LEAD) is Refusal.ENDED
    assert expire(asked, after(1_000)) is asked
    assert cancel(asked) is asked
    assert missing(asked) == 0


def test_nothing_counts_when_time_is_over_whether_or_not_that_was_noticed() -> None:
    assert isinstance(agree(HIGH, LEAD, minutes=59.99), Verdict)
    assert agree(HIGH, LEAD, minutes=60) is Refusal.EXPIRED
    assert agree(ended(HIGH, ApprovalState.EXPIRED), LEAD) is Refusal.EXPIRED


def test_a_clock_that_was_put_back_does_not_reopen_what_expired() -> None:
    asked = expire(HIGH, after(60))

    assert asked.state is ApprovalState.EXPIRED
    assert agree(asked, LEAD, minutes=5) is Refusal.EXPIRED


def test_what_is_pending_expires_when_its_time_is_over_and_not_before() -> None:
    assert expire(HIGH, after(59.99)) is HIGH
    assert expire(HIGH, after(60)).state is ApprovalState.EXPIRED


def test_what_is_pending_can_be_cancelled() -> None:
    assert cancel(HIGH).state is ApprovalState.CANCELLED


def test_a_verdict_on_what_has_ended_meanwhile_is_not_recorded() -> None:
    verdict = agree(HIGH, LEAD)

    assert isinstance(verdict, Verdict)
    with pytest.raises(ValueError, match="A-1 has ended"):
        record(cancel(HIGH), verdict)


def test_a_role_that_was_taken_away_between_the_card_and_the_click_does_not_count() -> None:
    assert objection(HIGH, LEAD, after(1)) is None
    assert agree(HIGH, voice("U0LEAD")) is Refusal.NOT_A_ROLE


def test_what_waits_for_a_person_is_what_they_could_decide() -> None:
    assert objection(CRITICAL, ON_CALL, after(1)) is None
    assert objection(CRITICAL, voice("U0DEV", Role.CTO), after(1)) is Refusal.OWN_REQUEST
    assert objection(agreed(CRITICAL, ON_CALL), ON_CALL, after(1)) is Refusal.ALREADY_DECIDED
    assert objection(CRITICAL, ON_CALL, after(90)) is Refusal.EXPIRED


# Delegation


def test_who_was_lent_a_role_speaks_for_the_lender() -> None:
    verdict = agree(HIGH, voice("U0OTHER", U0LEAD=Role.TECH_LEAD))

    assert isinstance(verdict, Verdict)
    assert verdict.state is ApprovalState.APPROVED
    assert (verdict.decision.person, verdict.decision.on_behalf_of) == ("U0OTHER", "U0LEAD")
    assert verdict.decision.role is Role.TECH_LEAD


def test_a_role_of_ones_own_goes_before_a_lent_one() -> None:
    asked = agreed(HIGH, voice("U0MANAGER", Role.ENGINEERING_MANAGER, U0LEAD=Role.TECH_LEAD))

    assert asked.decisions[0].on_behalf_of is None


def test_a_lent_role_is_used_where_it_completes_what_is_asked_for() -> None:
    asked = agreed(CRITICAL, ON_CALL, voice("U0SECOND", Role.ON_CALL, U0LEAD=Role.TECH_LEAD))

    assert asked.state is ApprovalState.APPROVED
    assert asked.decisions[1].on_behalf_of == "U0LEAD"


def test_a_lender_and_whom_they_lent_to_are_not_two_people() -> None:
    lent = voice("U0OTHER", U0LEAD=Role.TECH_LEAD)

    assert agree(agreed(CRITICAL, lent), LEAD) is Refusal.ALREADY_DECIDED
    assert agree(agreed(CRITICAL, LEAD), lent) is Refusal.LENDER_DECIDED
    assert agree(agreed(CRITICAL, lent), lent) is Refusal.ALREADY_DECIDED
    third = voice("U0THIRD", U0LEAD=Role.TECH_LEAD)
    assert agree(agreed(CRITICAL, lent), third) is Refusal.LENDER_DECIDED
    passed_on = voice("U0LEAD", U0MANAGER=Role.ENGINEERING_MANAGER)
    assert agree(agreed(CRITICAL, lent), passed_on) is Refusal.ALREADY_DECIDED


def test_who_speaks_for_themselves_leaves_the_lender_their_own_word() -> None:
    both = voice("U0ONCALL", Role.ON_CALL, U0LEAD=Role.TECH_LEAD)

    asked = agreed(CRITICAL, both, LEAD)

    assert asked.state is ApprovalState.APPROVED
    assert asked.decisions[0].on_behalf_of is None


def test_a_requester_who_lends_their_role_gets_nobody_to_approve_with_it() -> None:
    lent = voice("U0OTHER", U0DEV=Role.CTO)

    assert agree(HIGH, lent) is Refusal.LENT_BY_REQUESTER
    assert agree(MEDIUM, lent) is Refusal.LENT_BY_REQUESTER
    assert reject(HIGH, lent) is Refusal.LENT_BY_REQUESTER
    besides = voice("U0OTHER", Role.TEAM_LEAD, U0DEV=Role.CTO)
    assert agreed(HIGH, besides).decisions[0].role is Role.TEAM_LEAD


def test_a_requester_does_not_approve_by_a_role_that_was_lent_to_them() -> None:
    lent = voice("U0DEV", U0LEAD=Role.TECH_LEAD)

    assert agree(HIGH, lent) is Refusal.OWN_REQUEST
    assert agree(MEDIUM, lent) is Refusal.OWN_REQUEST
    owner = agreed(MEDIUM, voice("U0DEV", Role.ON_CALL, U0LEAD=Role.TECH_LEAD))
    assert owner.decisions[0].on_behalf_of is None


def test_lending_to_oneself_changes_nothing() -> None:
    assert agree(HIGH, voice("U0OTHER", U0OTHER=Role.CTO)) is Refusal.NOT_A_ROLE


# Requirements of one's own


def test_a_group_beside_the_roles_is_somebody_more() -> None:
    security = frozenset({Role.SECURITY_TEAM})
    asked = approval(requirement=Requirement(1, LEADS, False, False, timedelta(hours=1), (security,)))

    assert missing(asked) == 2
    assert missing(agreed(asked, LEAD)) == 1
    assert wanted(agreed(asked, LEAD)) == security
    assert agreed(asked, LEAD, voice("U0SEC", Role.SECURITY_TEAM)).state is ApprovalState.APPROVED
    assert agreed(asked, voice("U0SEC", Role.SECURITY_TEAM)).state is ApprovalState.PENDING


def test_one_person_speaks_in_one_role_even_where_two_are_asked_for() -> None:
    security = frozenset({Role.SECURITY_TEAM})
    asked = approval(requirement=Requirement(1, LEADS, False, False, timedelta(hours=1), (security,)))

    assert missing(agreed(asked, voice("U0BOTH", Role.TECH_LEAD, Role.SECURITY_TEAM))) == 1


def test_what_asks_for_nobody_is_immediate() -> None:
    nobody = Requirement(0, APPROVERS, False, False, timedelta(minutes=30))

    assert nobody.immediate
    assert not replace(nobody, including=(LEADS,)).immediate
    assert missing(approval(requirement=nobody)) == 0


# Reminder and escalation


def test_people_are_reminded_once_at_half_time() -> None:
    assert next_reminder(HIGH, after(0)) == after(30)
    assert next_reminder(HIGH, after(45)) == after(30)
    assert next_reminder(replace(HIGH, reminded_at=after(30)), after(31)) is None
    assert next_reminder(replace(HIGH, escalated_to=Role.TECH_LEAD), after(50)) is None


def test_what_ended_or_is_over_is_neither_reminded_of_nor_escalated() -> None:
    for asked, minutes in ((cancel(HIGH), 40), (HIGH, 60), (agreed(HIGH, LEAD), 50)):
        assert next_reminder(asked, after(minutes)) is None
        assert next_escalation(asked, after(minutes)) is None
        assert escalation(asked, after(minutes)) is None


def test_the_next_role_is_told_once_at_three_quarters() -> None:
    assert next_escalation(HIGH, after(0)) == after(45)
    assert escalation(HIGH, after(44.9)) is None
    assert escalation(HIGH, after(45)) is Role.TECH_LEAD
    assert escalation(replace(HIGH, escalated_to=Role.TECH_LEAD), after(50)) is None


@pytest.mark.parametrize(
    ("roles", "held", "told"),
    [
        (APPROVERS, APPROVERS, Role.TECH_LEAD),
        ({Role.ON_CALL, Role.TECH_LEAD}, APPROVERS, Role.TECH_LEAD),
        (LEADS, LEADS, Role.TECH_LEAD),
        (LEADS, LEADS - {Role.TEAM_LEAD}, Role.ENGINEERING_MANAGER),
        (LEADS, {Role.ENGINEERING_MANAGER, Role.CTO}, Role.CTO),
        (LEADS, {Role.TEAM_LEAD, Role.CTO}, Role.CTO),
        (APPROVERS, {Role.ON_CALL, Role.TECH_LEAD, Role.ENGINEERING_MANAGER}, Role.TECH_LEAD),
        (LEADS, {Role.CTO}, None),
        ({Role.CTO}, APPROVERS, None),
        ({Role.ON_CALL, Role.TEAM_LEAD}, APPROVERS, None),
        ({Role.SECURITY_TEAM}, APPROVERS, None),
        (APPROVERS, set(), None),
    ],
)
def test_escalation_climbs_one_rung_that_somebody_stands_on_and_never_widens_who_may_decide(
    roles: set[Role], held: set[Role], told: Role | None
) -> None:
    asked = approval(requirement=Requirement(1, frozenset(roles), False, False, timedelta(hours=1)))

    assert escalation(asked, after(45), frozenset(held)) is told
