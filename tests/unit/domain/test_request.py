"""From arguments to a request, and back again."""

from typing import Any

import pytest

from domain.action import Action, Catalogue, Effect, HttpCall, Parameter, ParameterType, PortCall, Risk, Undo
from domain.argument import WrongValue
from domain.request import CannotUndo, describe, expand, undo
from domain.template import Absent, places, secrets, strays

SERVICE = Parameter("service", ParameterType.SERVICE, "the service")
VERSION = Parameter("version", ParameterType.VERSION, "the version")
COUNT = Parameter("count", ParameterType.INTEGER, "how many", required=False)


def _action(undo_by: Undo | None = None, **call: Any) -> Action:
    given = {"method": "POST", "address": "${URL}/{service}", **call}
    return Action(
        "deploy",
        "Deploy.",
        (),
        (SERVICE, VERSION, COUNT),
        Effect.UPDATE,
        Risk("deploy"),
        HttpCall(**given),
        undo_by,
    )


def test_a_value_keeps_its_type_where_it_stands_alone() -> None:
    body = {"n": "{count}", "text": "n={count}", "list": ["{count}", 1, None, True], "{count}": "x"}
    request = describe(_action(body=body), {"service": "checkout", "count": 3})
    assert request.body == {"n": 3, "text": "n=3", "list": [3, 1, None, True], "{count}": "x"}


def test_a_field_without_a_value_is_left_out_but_not_a_part_of_a_text() -> None:
    assert describe(_action(body={"n": "{count}", "s": "{service}"}), {"service": "a"}).body == {"s": "a"}
    with pytest.raises(WrongValue, match="needs `count`"):
        describe(_action(body={"n": "n={count}"}), {"service": "a"})


def test_secrets_are_put_in_only_at_the_end_and_never_from_a_value() -> None:
    action = _action(headers={"X": "Bearer ${KEY}"}, body={"v": "{version}", "k": "${KEY}"})
    arguments = {"service": "${KEY}", "version": "${KEY}"}
    assert describe(action, arguments).headers == {"X": "Bearer ${KEY}"}
    request = expand(action, arguments, {"URL": "https://x", "KEY": "{version}"})
    assert request.address == "https://x/%24%7BKEY%7D"
    assert request.headers == {"X": "Bearer {version}"}
    assert request.body == {"v": "${KEY}", "k": "{version}"}


def test_a_secret_that_is_not_set_is_named() -> None:
    with pytest.raises(Absent, match="URL"):
        expand(_action(), {"service": "a"}, {})


def test_an_internal_action_is_described_by_its_port() -> None:
    action = Action("post", "Post.", (), (), Effect.CREATE, Risk("post"), PortCall("chat.post"))
    request = describe(action, {"text": "hi"})
    assert (request.method, request.address, request.body) == ("", "chat.post", {"text": "hi"})


@pytest.mark.parametrize(
    ("text", "named", "secret", "stray"),
    [
        ("{a}/{b_1}", {"a", "b_1"}, set(), False),
        ("{result.id}", {"result.id"}, set(), False),
        ("${A_1}{a}", {"a"}, {"A_1"}, False),
        ("${a}", set(), set(), True),
        ("{A}", set(), set(), True),
        ("{ a }", set(), set(), True),
        ("{a", set(), set(), True),
        ("a}", set(), set(), True),
        ("plain", set(), set(), False),
    ],
)
def test_what_a_template_names(text: str, named: set[str], secret: set[str], stray: bool) -> None:
    for structure in (text, {"k": [text]}):
        assert places(structure) == named
        assert secrets(structure) == secret
        assert bool(strays(structure)) is stray


BACK = Undo("deploy", {"service": "{service}", "version": "{result.before}"})


def _undo(action: Action, result: dict[str, Any]) -> tuple[Action, dict[str, Any]]:
    catalogue = Catalogue({"deploy": action}, ("checkout",))
    return undo(catalogue, action, {"service": "checkout", "version": "v43"}, result)


def test_the_way_back_uses_what_was_answered() -> None:
    action = _action(BACK)
    assert _undo(action, {"before": "v42"}) == (action, {"service": "checkout", "version": "v42"})


@pytest.mark.parametrize(
    ("way", "result", "reason"),
    [
        (None, {}, "cannot be undone"),
        (Undo("gone", {}), {}, "cannot be undone"),
        (BACK, {}, "the answer had no `before`"),
        (BACK, {"before": None}, "the answer had no `before`"),
        (BACK, {"before": "latest"}, "not a version"),
    ],
)
def test_where_there_is_no_way_back_the_reason_is_said(
    way: Undo | None, result: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CannotUndo, match=reason):
        _undo(_action(way), result)
