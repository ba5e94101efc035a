"""From an action and its arguments to its request, and to the step that takes it back. Pure rules."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from domain.action import Action, Catalogue, HttpCall, Value
from domain.argument import WrongValue, check
from domain.errors import QuarterdeckError
from domain.runner import Request
from domain.template import Absent, fill, fill_structure


class CannotUndo(QuarterdeckError):
    """There is no way back, or the answer did not say what was before."""


def describe(action: Action, arguments: Mapping[str, Value]) -> Request:
    """The request with its arguments, `${NAME}` not expanded. Raises WrongValue where a value cannot stand in an
    address or header, or a needed one is missing.
    """
    return _request(action, arguments, None)


def expand(action: Action, arguments: Mapping[str, Value], names: Mapping[str, str]) -> Request:
    """The same with every `${NAME}` taken from `names`. Raises Absent for one that is not there."""
    return _request(action, arguments, names)


def _request(action: Action, arguments: Mapping[str, Value], names: Mapping[str, str] | None) -> Request:
    call = action.call
    if not isinstance(call, HttpCall):
        return Request("", call.port, {}, dict(arguments))
    try:
        return Request(
            call.method,
            fill(call.address, arguments, _encode, names),
            {name: fill(value, arguments, _header, names) for name, value in call.headers.items()},
            fill_structure(call.body, arguments, names),
        )
    except Absent as missing:
        if missing.args[0].isupper():
            raise
        raise WrongValue(missing.args[0], f"`{action.name}` needs `{missing.args[0]}`.") from None


def _encode(value: str) -> str:
    if value in (".", ".."):
        raise WrongValue("", f"“{value}” cannot be part of an address.")
    return quote(value, safe="")


def _header(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise WrongValue("", "Only printable ASCII can be part of a header.")
    return value


def undo(
    catalogue: Catalogue, action: Action, arguments: Mapping[str, Value], result: Mapping[str, Any]
) -> tuple[Action, dict[str, Value]]:
    """The action that takes `action` back, with its arguments, from what it was given and what it answered.

    Raises CannotUndo with the reason.
    """
    target = catalogue.actions.get(action.undo.action) if action.undo else None
    if action.undo is None or target is None:
        raise CannotUndo(f"`{action.name}` cannot be undone.")
    values = {**arguments, **{f"result.{name}": value for name, value in result.items()}}
    try:
        filled = {name: fill(text, values) for name, text in action.undo.arguments.items()}
        return target, check(target, filled, catalogue.services)
    except Absent as missing:
        name = missing.args[0].removeprefix("result.")
        raise CannotUndo(f"`{action.name}` cannot be undone: the answer had no `{name}`.") from None
    except WrongValue as wrong:
        raise CannotUndo(f"`{action.name}` cannot be undone: {wrong.sentence}") from None
