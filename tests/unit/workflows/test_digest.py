"""What an approval is bound to. The canonical form is computed here by hand, not by the library."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.action import Action, Effect, HttpCall, PortCall, Risk, Undo
from domain.errors import QuarterdeckError
from domain.plan import Step
from workflows.digest import digest

STEP = Step(1, "deploy_service", {"service": "checkout", "version": "v43", "count": 3})
CALL = HttpCall(
    "POST",
    "http://deployer/{service}",
    {"Authorization": "Bearer ${TOKEN}"},
    {"version": "{version}", "ratio": 0.5},
)
ACTION = Action(
    "deploy_service",
    "Deploys.",
    (),
    (),
    Effect.UPDATE,
    Risk("deploy"),
    CALL,
    Undo("deploy_service", {"version": "{result.previous}"}),
)


def test_it_is_the_sha_256_of_the_canonical_json() -> None:
    canonical = '{"action":"deploy_service","arguments":{"count":3,"service":"checkout","version":"v43"}}'

    assert digest(STEP) == hashlib.sha256(canonical.encode()).hexdigest()


def test_keys_are_ordered_and_text_written_as_rfc_8785_says() -> None:
    step = Step(1, "say", {"€": "Euro", "\r": "CR", "\ufb33": "Dalet", "1": "One", "😀": '\u0080/<"\n'})
    canonical = '{"action":"say","arguments":{"\\r":"CR","1":"One","€":"Euro","😀":"\u0080/<\\"\\n","\ufb33":"Dalet"}}'

    assert digest(step) == hashlib.sha256(canonical.encode()).hexdigest()


def test_neither_the_order_of_arguments_nor_the_number_of_the_step_matters() -> None:
    turned = dict(reversed(STEP.arguments.items()))

    assert digest(Step(7, STEP.action, turned)) == digest(STEP)


@pytest.mark.parametrize(
    "other",
    [
        replace(STEP, action="restart_service"),
        replace(STEP, arguments={**STEP.arguments, "version": "v44"}),
        replace(STEP, arguments={**STEP.arguments, "version": "v43 "}),
        replace(STEP, arguments={**STEP.arguments, "count": "3"}),
        replace(STEP, arguments={**STEP.arguments, "note": ""}),
        replace(STEP, arguments={"service": "checkout"}),
    ],
)
def test_another_action_or_argument_has_another_digest(other: Step) -> None:
    assert digest(other) != digest(STEP)
    assert digest(other, ACTION) != digest(STEP, ACTION)


@pytest.mark.parametrize(
    "other",
    [
        replace(ACTION, call=replace(CALL, method="PUT")),
        replace(ACTION, call=replace(CALL, address="http://elsewhere/{service}")),
        replace(ACTION, call=replace(CALL, headers={})),
        replace(ACTION, call=replace(CALL, body={"version": "latest"})),
        replace(ACTION, call=PortCall("chat.post")),
        replace(ACTION, undo=None),
        replace(ACTION, undo=Undo("deploy_service", {})),
    ],
)
def test_a_catalogue_that_changed_the_request_or_the_undo_has_another_digest(other: Action) -> None:
    assert digest(STEP, other) != digest(STEP, ACTION)


def test_words_patience_and_risk_of_the_catalogue_may_change_while_an_approval_waits() -> None:
    calmer = replace(
        ACTION, description="Deploys a service.", call=replace(CALL, timeout_seconds=60.0, retries=9)
    )

    assert digest(STEP, calmer) == digest(STEP, ACTION)


def test_a_secret_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(STEP, ACTION)
    monkeypatch.setenv("TOKEN", "rotated")

    assert digest(STEP, ACTION) == before


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800"])
def test_what_json_cannot_hold_exactly_is_refused_in_a_sentence(value: Any) -> None:
    with pytest.raises(QuarterdeckError) as caught:
        digest(Step(1, "deploy_service", {"value": value}))

    assert "cannot be fixed for an approval" in caught.value.sentence


arguments = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-1000, 1000), max_size=4)


@given(arguments, arguments)
def test_digests_are_equal_exactly_where_the_arguments_are(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (digest(Step(1, "a", one)) == digest(Step(2, "a", other))) == (one == other)
