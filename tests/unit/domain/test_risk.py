"""Risk by rules of our own making; the packaged policy has its table in tests/unit/bot/test_policy.py."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.action import Action, Effect, HttpCall, Risk
from domain.approval import APPROVERS, LEADS, Level, Requirement, RiskFacts, Role, Rule
from domain.risk import UNREMARKABLE, Addition, Policy, assess, describe, require


def step(operation: str = "deploy", **others: object) -> RiskFacts:
    facts = {
        "action": "deploy_service",
        "operation": operation,
        "effect": "update",
        "resource": "service",
        "environment": "production",
        "reversible": True,
        "sensitive": False,
        "cost": 0.0,
    }
    return RiskFacts(**facts | others)  # type: ignore[arg-type]  # a table of keywords


def requirement(count: int = 1, minutes: int = 60) -> Requirement:
    return Requirement(count, APPROVERS, True, False, timedelta(minutes=minutes))


DEPLOY = Rule(Level.HIGH, "It deploys.", {"operation": "deploy"})
DELETE = Rule(Level.CRITICAL, "It deletes.", {"effect": ("delete",)})
READ = Rule(Level.LOW, "It reads.", {"effect": ["read", "list"]})
POLICY = Policy((DEPLOY, DELETE, READ), {level: requirement() for level in Level})


def test_a_plan_is_as_risky_as_its_riskiest_step() -> None:
    plan = [step("read", effect="read"), step("drop", effect="delete"), step()]

    assessment = assess(plan, POLICY)

    assert assessment.level is Level.CRITICAL
    assert assessment.reasons == ("It deletes.", "It deploys.")


def test_a_step_that_several_rules_fit_has_the_highest_level_and_every_reason() -> None:
    assessment = assess([step(effect="delete")], POLICY)

    assert (assessment.level, assessment.reasons) == (Level.CRITICAL, ("It deletes.", "It deploys."))


def test_a_reason_is_given_once() -> None:
    assert assess([step(), step()], POLICY).reasons == ("It deploys.",)


def test_what_makes_a_low_risk_low_is_said_only_then() -> None:
    assert assess([step("look", effect="read")], POLICY).reasons == ("It reads.",)
    assert assess([step("look", effect="read"), step()], POLICY).reasons == ("It deploys.",)


def test_a_step_that_no_rule_fits_has_the_default_level_and_says_so() -> None:
    assert assess([step("post")], POLICY).reasons == (UNREMARKABLE,)
    assert assess([step("post")], POLICY).level is Level.LOW
    careful = Policy(POLICY.rules, POLICY.requirements, default=Level.HIGH)
    assert assess([step("post")], careful).level is Level.HIGH


def test_a_rule_fits_where_all_of_it_does() -> None:
    policy = Policy(
        (Rule(Level.HIGH, "Both.", {"operation": "deploy", "environment": "production"}),),
        POLICY.requirements,
    )

    assert assess([step()], policy).level is Level.HIGH
    assert assess([step(environment="staging")], policy).level is Level.LOW
    assert assess([step("read")], policy).level is Level.LOW


@pytest.mark.parametrize("spelling", ["Production", "PRODUCTION", " production "])
def test_spelling_does_not_lower_a_risk(spelling: str) -> None:
    policy = Policy((Rule(Level.HIGH, "There.", {"environment": "production"}),), POLICY.requirements)

    assert assess([step(environment=spelling)], policy).level is Level.HIGH


@pytest.mark.parametrize(
    ("cost", "level"),
    [(99.99, "low"), (100, "low"), (100.01, "high"), (float("inf"), "high"), (float("nan"), "high")],
)
def test_a_cost_counts_from_above_its_bound(cost: float, level: str) -> None:
    policy = Policy((Rule(Level.HIGH, "It costs.", {"cost_over": 100.0}),), POLICY.requirements)

    assert assess([step(cost=cost)], policy).level == level


@pytest.mark.parametrize("name", ["reversible", "sensitive"])
def test_a_rule_may_ask_for_yes_or_no(name: str) -> None:
    policy = Policy((Rule(Level.HIGH, "So.", {name: False}),), POLICY.requirements)

    assert assess([step(**{name: False})], policy).level is Level.HIGH
    assert assess([step(**{name: True})], policy).level is Level.LOW


def test_within_a_level_the_score_rises_with_every_aggravation() -> None:
    scores = [
        assess([step()], POLICY).score,
        assess([step(reversible=False)], POLICY).score,
        assess([step(reversible=False, sensitive=True)], POLICY).score,
    ]

    assert scores == [5.0, 5.5, 6.0]


facts = st.builds(
    RiskFacts,
    action=st.sampled_from(["a", "b"]),
    operation=st.sampled_from(["deploy", "read", "drop"]),
    effect=st.sampled_from(list(Effect)),
    resource=st.sampled_from(["service", "database"]),
    environment=st.sampled_from(["production", "staging"]),
    reversible=st.booleans(),
    sensitive=st.booleans(),
    cost=st.floats(0, 5_000),
)


@given(st.lists(facts, min_size=1, max_size=4), facts)
def test_a_further_step_never_lowers_a_risk_and_scores_keep_the_order_of_levels(
    plan: list[RiskFacts], further: RiskFacts
) -> None:
    before, after = assess(plan, POLICY), assess([*plan, further], POLICY)
    order = list(Level)

    assert order.index(after.level) >= order.index(before.level)
    assert 0 <= before.score <= after.score <= 10
    assert (after.score > before.score) or after.level is before.level
    assert set(before.reasons) - {"It reads.", UNREMARKABLE} <= set(after.reasons)
    assert assess([*plan[::-1]], POLICY).level is before.level


def test_an_operation_may_ask_for_more_than_its_level_does() -> None:
    policy = Policy(
        POLICY.rules,
        POLICY.requirements,
        additions=(
            Addition("deploy", "production", 2, LEADS, True, True, timedelta(minutes=10)),
            Addition("post", "*", count=1),
        ),
    )

    assert require([step()], Level.HIGH, policy) == Requirement(
        2, APPROVERS, False, True, timedelta(minutes=10), (LEADS,)
    )
    assert require([step(environment="staging")], Level.HIGH, policy) == requirement()
    assert require([step("Deploy", environment="PRODUCTION")], Level.HIGH, policy).count == 2
    assert require([step("post", environment="anywhere")], Level.LOW, policy).count == 1


def test_the_additions_of_all_steps_add_up() -> None:
    security = frozenset({Role.SECURITY_TEAM})
    policy = Policy(
        POLICY.rules,
        POLICY.requirements,
        additions=(Addition("deploy", "*", including=LEADS), Addition("grant", "*", 3, including=security)),
    )

    needed = require([step(), step("grant"), step()], Level.HIGH, policy)

    assert (needed.count, needed.including) == (3, (LEADS, security))


@given(st.integers(0, 3), st.sets(st.sampled_from(sorted(APPROVERS))), st.booleans(), st.integers(1, 120))
def test_an_addition_is_never_laxer(count: int, roles: set[Role], flag: bool, minutes: int) -> None:
    before = requirement(count=2, minutes=30)
    addition = Addition("deploy", "*", count, frozenset(roles), flag, flag, timedelta(minutes=minutes))
    after = require([step()], Level.HIGH, Policy((), {Level.HIGH: before}, additions=(addition,)))

    assert after.count >= before.count
    assert after.roles == before.roles
    assert set(after.including) >= set(before.including)
    assert after.lifetime <= before.lifetime
    assert after.requester_counts <= before.requester_counts
    assert after.reason_required >= before.reason_required


def action(environment: str | None = None) -> Action:
    risk = Risk("deploy", environment=environment, reversible=False, sensitive=True, cost=7)
    call = HttpCall("POST", "http://127.0.0.1/deploy")
    return Action("deploy_service", "Deploys.", (), (), Effect.UPDATE, risk, call)


def test_the_facts_of_a_step_are_those_of_its_action() -> None:
    assert describe(action(), {}) == RiskFacts(
        "deploy_service", "deploy", "update", "service", "production", False, True, 7
    )


def test_the_environment_is_what_the_request_names_else_what_the_catalogue_does_else_production() -> None:
    assert describe(action("staging"), {"environment": "qa"}).environment == "qa"
    assert describe(action("staging"), {}).environment == "staging"
    assert describe(action(), {"environment": ""}).environment == "production"
