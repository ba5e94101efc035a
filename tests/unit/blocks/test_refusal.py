"""What somebody hears whose decision does not count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blocks.refusal import describe_requirement, describe_role, explain, refused
from domain.approval import APPROVERS, LEADS, Approval, ApprovalState, Level, Refusal, Requirement, Role
from tests.unit.blocks.faces import accept, read

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAD_NAMES = "team lead, tech lead, engineering manager or CTO"
APPROVER_NAMES = "on call, team lead, tech lead, engineering manager, CTO or security team"
MEDIUM = Requirement(1, APPROVERS, True, False, timedelta(minutes=30))
HIGH = Requirement(1, LEADS, False, False, timedelta(hours=1))
CRITICAL = Requirement(2, APPROVERS, False, True, timedelta(minutes=90), (LEADS,))
SECURITY = frozenset({Role.SECURITY_TEAM})
APPROVAL = Approval(3, 12, "U0DEV", Level.HIGH, HIGH, ApprovalState.PENDING, AT, AT + timedelta(hours=1))

ONE_LEAD = f"one lead ({LEAD_NAMES}), but not who asked"
SAID = {
    Refusal.ENDED: "A-3 has already been approved, so your decision was not counted; its card says by whom.",
    Refusal.EXPIRED: "A-3 has expired, so your decision was not counted and nothing was done. Ask again for a new "
    f"approval, which takes {ONE_LEAD}.",
    Refusal.NOT_A_ROLE: f"Your role does not decide on A-3. It takes {ONE_LEAD}.",
    Refusal.OWN_REQUEST: f"You asked for A-3 yourself, so others have to decide. It takes {ONE_LEAD}. You can "
    "withdraw it with /cancel T-12.",
    Refusal.LENT_BY_REQUESTER: "You have your role from the person who asked for A-3, so it does not count there. "
    f"It takes {ONE_LEAD}.",
    Refusal.ALREADY_DECIDED: "You have decided on A-3 already, or somebody did in your name. "
    f"It takes {ONE_LEAD}; one person counts once.",
    Refusal.LENDER_DECIDED: "The person whose role you have has a word on A-3 already, and you would be their second. "
    f"It takes {ONE_LEAD}.",
    Refusal.REASON_MISSING: "Your decision on A-3 needs a reason, in a sentence that others will understand. "
    f"It takes {ONE_LEAD}.",
}


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_its_sentence(refusal: Refusal) -> None:
    approval = replace(APPROVAL, state=ApprovalState.APPROVED) if refusal is Refusal.ENDED else APPROVAL

    assert explain(refusal, approval) == SAID[refusal]
    assert read(accept(refused(refusal, approval))) == SAID[refusal]


@pytest.mark.parametrize("state", [ApprovalState.REJECTED, ApprovalState.CANCELLED])
def test_who_comes_late_hears_how_it_ended(state: ApprovalState) -> None:
    assert f"has already been {state}" in explain(Refusal.ENDED, replace(APPROVAL, state=state))


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        (MEDIUM, f"one approver ({APPROVER_NAMES})"),
        (HIGH, ONE_LEAD),
        (
            CRITICAL,
            f"two different approvers ({APPROVER_NAMES}), one of them a lead ({LEAD_NAMES}), but not who asked",
        ),
        (replace(HIGH, count=2), f"two different leads ({LEAD_NAMES}), but not who asked"),
        (replace(MEDIUM, roles=frozenset({Role.CTO})), "one person (CTO)"),
        (replace(MEDIUM, count=7), f"7 different approvers ({APPROVER_NAMES})"),
        (
            replace(HIGH, including=(SECURITY,)),
            f"one lead ({LEAD_NAMES}) and one person (security team), but not who asked",
        ),
        (replace(MEDIUM, including=(APPROVERS,)), f"one approver ({APPROVER_NAMES})"),
        (replace(MEDIUM, including=(LEADS,)), f"one lead ({LEAD_NAMES})"),
        (
            replace(CRITICAL, including=(LEADS, SECURITY)),
            f"one lead ({LEAD_NAMES}) and one person (security team), but not who asked",
        ),
        (replace(MEDIUM, count=0), "nobody's approval"),
        (
            replace(MEDIUM, count=2, including=(SECURITY,)),
            f"two different approvers ({APPROVER_NAMES}), one of them a person (security team)",
        ),
    ],
)
def test_who_may_decide_is_said_in_plain_words(requirement: Requirement, said: str) -> None:
    assert describe_requirement(requirement) == said


def test_an_approval_for_which_nobody_counts_but_a_group_names_the_group() -> None:
    assert describe_requirement(replace(MEDIUM, count=0, including=(LEADS,))) == f"one lead ({LEAD_NAMES})"


def test_every_role_has_a_name() -> None:
    assert [describe_role(role) for role in Role][1:3] == ["on call", "team lead"]
