"""Reading what people write as the value of a parameter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.action import Action, Effect, Parameter, ParameterType, PortCall, Risk, Value
from domain.argument import MAX_TEXT, WrongValue, check, is_one_slip, nearest, read

SERVICES = ("checkout", "payments", "mobile-api")


def _parameter(kind: str, **facts: Any) -> Parameter:
    return Parameter("it", ParameterType(kind), "what it is", **facts)


_ENVIRONMENT = {"values": ("production", "staging")}


@pytest.mark.parametrize(
    ("kind", "facts", "text", "value"),
    [
        ("string", {}, "  hello  there ", "hello  there"),
        ("string", {}, "a\u202eb\x00c\nd", "abc\nd"),
        ("string", {"pattern": "[a-z]+"}, "abc", "abc"),
        ("enum", _ENVIRONMENT, "Staging", "staging"),
        ("enum", _ENVIRONMENT, "prod", "production"),
        ("enum", _ENVIRONMENT, "stage", "staging"),
        ("enum", {"values": ("EU", "US")}, "eu", "EU"),
        ("integer", {}, " 7 ", 7),
        ("integer", {}, "-7", -7),
        ("integer", {"minimum": 0, "maximum": 5}, "5", 5),
        ("integer", {}, 3, 3),
        ("service", {}, "Checkout", "checkout"),
        ("service", {}, "mobile api", "mobile-api"),
        ("version", {}, "v43", "v43"),
        ("version", {}, "V43", "v43"),
        ("version", {}, "1.2.3-rc.1+5", "1.2.3-rc.1+5"),
        ("version", {}, "release-7", "release-7"),
        ("person", {}, "<@U0LEAD>", "U0LEAD"),
        ("person", {}, "<@U0LEAD|lead>", "U0LEAD"),
        ("person", {}, "U0LEAD", "U0LEAD"),
    ],
)
def test_what_is_accepted(kind: str, facts: dict[str, Any], text: Value, value: Value) -> None:
    read_value = read(_parameter(kind, **facts), text, SERVICES)
    assert read_value == value
    assert read(_parameter(kind, **facts), read_value, SERVICES) == value


@pytest.mark.parametrize(
    ("kind", "facts", "text", "reason"),
    [
        ("string", {}, "\u202e ", "must not be empty"),
        ("string", {}, "x" * (MAX_TEXT + 1), "longer than"),
        ("string", {"pattern": "[a-z]+"}, "abc1", "“abc1” is not a `it` (what it is)"),
        ("enum", _ENVIRONMENT, "qa", "production, staging"),
        ("enum", {"values": ("eu",)}, "prod", "eu"),
        ("integer", {}, "seven", "not a whole number"),
        ("integer", {}, "7.5", "not a whole number"),
        ("integer", {}, "٣٤" + "0" * 20, "not a whole number"),
        ("integer", {"minimum": 0, "maximum": 5}, "6", "must be from 0 to 5, not 6"),
        ("integer", {"minimum": 1}, "0", "at least 1"),
        ("integer", {"maximum": 5}, "6", "at most 5"),
        ("service", {}, "chekout", "Did you mean checkout?"),
        ("service", {}, "billing", "Known services: checkout"),
        ("version", {}, "latest", "not a version"),
        ("version", {}, "v4 3", "not a version"),
        ("version", {}, "../43", "not a version"),
        ("version", {}, "4" * 65, "not a version"),
        ("person", {}, "@lead", "mention one"),
        ("person", {}, "<@U0LEAD> and more", "mention one"),
    ],
)
def test_what_is_refused_and_why(kind: str, facts: dict[str, Any], text: str, reason: str) -> None:
    with pytest.raises(WrongValue) as raised:
        read(_parameter(kind, **facts), text, SERVICES)
    assert reason in raised.value.sentence
    assert raised.value.parameter == "it"


def _action(*parameters: Parameter) -> Action:
    return Action("act", "Act.", (), parameters, Effect.UPDATE, Risk("act"), PortCall("chat.post"))


def test_all_arguments_are_checked_and_defaults_filled_in() -> None:
    count = Parameter("count", ParameterType.INTEGER, "how many", False, 3)
    note = Parameter("note", ParameterType.STRING, "a note", False)
    action = _action(_parameter("service"), count, note)
    assert check(action, {"it": "Checkout"}, SERVICES) == {"it": "checkout", "count": 3}
    for arguments, reason in (
        ({}, "needs `it`"),
        ({"it": "checkout", "other": 1}, "no parameter `other`"),
        ({"it": "checkout", "count": "many"}, "whole number"),
    ):
        with pytest.raises(WrongValue, match=reason):
            check(action, arguments, SERVICES)


@pytest.mark.parametrize("slip", ["chekout", "checkoutt", "checkuot", "xheckout", "checkou", "hceckout"])
def test_one_slip_is_seen(slip: str) -> None:
    assert nearest(slip, SERVICES) == ["checkout"]


@pytest.mark.parametrize("word", ["checkout", "check", "chkuot", "checkouts!", "", "cheeckoutt"])
def test_more_than_one_slip_is_another_word(word: str) -> None:
    assert nearest(word, SERVICES) == []


@given(st.text("abc", min_size=3, max_size=6), st.text("abc", min_size=3, max_size=6))
def test_a_slip_is_an_edit_and_goes_both_ways(one: str, other: str) -> None:
    assert (is_one_slip(one, other) or one == other) == (_distance(one, other) <= 1)
    assert one == other or is_one_slip(one, other) == is_one_slip(other, one)


def _distance(one: str, other: str) -> int:
    """Edits with swaps of neighbours, by the textbook."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = int(one[i - 1] != other[j - 1])
            best = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                best = min(best, table[i - 2, j - 2] + 1)
            table[i, j] = best
    return table[len(one), len(other)]
