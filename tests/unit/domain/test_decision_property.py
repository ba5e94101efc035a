"""For any order of clicks, expiries and cancels: one outcome at most, by enough different and permitted people."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.approval import (
    APPROVERS,
    LEADS,
    Approval,
    ApprovalState,
    Decision,
    Level,
    Refusal,
    Requirement,
    Role,
    Verdict,
    Voice,
)
from domain.decision import cancel, decide, expire, missing, objection, record
from tests.unit.domain.approvals import REQUIREMENTS, START, approval

PEOPLE = ["U0DEV", "U0A", "U0B", "U0C", "U0D"]
some_roles = st.frozensets(st.sampled_from(list(Role)), max_size=3)
lendings = st.dictionaries(st.sampled_from(PEOPLE), some_roles, max_size=2)
voices = st.builds(Voice, st.sampled_from(PEOPLE), some_roles, lendings)
reasons = st.sampled_from([None, "  ", "It is needed."])
groups = st.lists(st.sampled_from([LEADS, frozenset({Role.SECURITY_TEAM})]), max_size=2, unique=True)
requirements = st.sampled_from(list(REQUIREMENTS.values())) | st.builds(
    Requirement,
    count=st.integers(1, 3),
    roles=st.sampled_from([LEADS, APPROVERS, frozenset({Role.ON_CALL, Role.CTO})]),
    requester_counts=st.booleans(),
    reason_required=st.booleans(),
    lifetime=st.just(timedelta(minutes=30)),
    including=groups.map(tuple),
)


class Clicks(RuleBasedStateMachine):
    """One approval, and everything that happens to it in any order; the clock may also be put back."""

    @initialize(requirement=requirements)
    def ask(self, requirement: Requirement) -> None:
        self.now = START
        self.asked = approval(Level.HIGH, requirement)
        self.voices: list[Voice] = []
        self.end: Approval | None = None

    @rule(who=voices, approve=st.booleans(), reason=reasons)
    def click(self, who: Voice, approve: bool, reason: str | None) -> None:
        verdict = decide(self.asked, who, approve, reason, self.now)
        assert (verdict in {*Refusal} - {Refusal.REASON_MISSING}) == (
            objection(self.asked, who, self.now) is not None
        )
        if isinstance(verdict, Verdict):
            assert self.asked.state is ApprovalState.PENDING
            assert self.now < self.asked.expires_at
            self.voices.append(who)
            self.asked = record(self.asked, verdict)
            assert missing(self.asked) == verdict.missing

    @rule(minutes=st.integers(-10, 20))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        before, self.asked = self.asked, expire(self.asked, self.now)
        assert self.asked is before or self.now >= self.asked.expires_at

    @precondition(lambda self: len(self.asked.decisions) > 0)
    @rule()
    def cancel(self) -> None:
        self.asked = cancel(self.asked)

    @rule(requirement=requirements)
    def change_the_policy(self, requirement: Requirement) -> None:
        assert approval(Level.HIGH, requirement).requirement is requirement  # a new one; ours keeps its own

    @invariant()
    def nothing_changes_after_the_end(self) -> None:
        if self.end is not None:
            assert self.asked == self.end
        elif self.asked.state is not ApprovalState.PENDING:
            self.end = self.asked

    @invariant()
    def what_is_approved_was_approved_by_enough_different_permitted_people(self) -> None:
        decisions, state = self.asked.decisions, self.asked.state
        if state is ApprovalState.REJECTED:
            assert [each.approve for each in decisions].count(False) == 1
            assert not decisions[-1].approve
            assert decisions[-1].reason
        else:
            assert all(each.approve for each in decisions)
        assert _different(decisions)
        assert all(self._is_permitted(*pair) for pair in zip(decisions, self.voices, strict=True))
        assert (state is ApprovalState.APPROVED) == self._is_enough()

    def _is_permitted(self, decision: Decision, who: Voice) -> bool:
        needed, requester = self.asked.requirement, self.asked.requester
        lender = decision.on_behalf_of
        roles = who.roles if lender is None else who.lent[lender]
        own_request = requester in {decision.person, lender}
        return (
            decision.person == who.person
            and decision.role in roles
            and (decision.role in needed.roles or any(decision.role in group for group in needed.including))
            and (not own_request or (needed.requester_counts and lender is None))
            and bool(decision.reason or not needed.reason_required)
        )

    def _is_enough(self) -> bool:
        needed = self.asked.requirement
        agreed = [each.role for each in self.asked.decisions if each.approve]
        counted = [role for role in agreed if role in needed.roles]
        covered = all(any(role in group for role in agreed) for group in needed.including)
        rejected = any(not each.approve for each in self.asked.decisions)
        return not rejected and len(counted) >= needed.count and covered


def _different(decisions: tuple[Decision, ...]) -> bool:
    names = [{each.person, each.on_behalf_of} - {None} for each in decisions]
    return all(one.isdisjoint(other) for one, other in combinations(names, 2))


Clicks.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestClicks = Clicks.TestCase


def test_the_machine_would_notice_a_decision_that_counts_twice() -> None:
    machine = Clicks()
    machine.ask(REQUIREMENTS[Level.CRITICAL])
    machine.click(Voice("U0A", frozenset({Role.CTO})), True, "It is needed.")
    machine.what_is_approved_was_approved_by_enough_different_permitted_people()
    machine.asked = replace(machine.asked, decisions=machine.asked.decisions * 2)

    try:
        machine.what_is_approved_was_approved_by_enough_different_permitted_people()
    except AssertionError:
        return
    raise AssertionError("the same decision counted twice unnoticed")
