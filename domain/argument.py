"""Arguments: reading what a person wrote as the value of a parameter, and checking a whole set of them."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from domain.action import Action, Parameter, ParameterType, Value
from domain.errors import QuarterdeckError

MAX_TEXT = 3_000
"""The longest string that an argument may be, in characters."""

ALIASES = {"prod": "production", "live": "production", "stage": "staging", "stg": "staging"}
"""Short words for environments, valid where the full word is one of the values."""

_VERSION = re.compile(r"(?=[^\d]*\d)[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_PERSON = re.compile(r"(?:<@([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>|([UW][A-Z0-9]{2,20}))")
_INTEGER = re.compile(r"[+-]?\d{1,15}")


class WrongValue(QuarterdeckError):
    """A value that a parameter does not take; `near` are known names that may have been meant."""

    def __init__(self, parameter: str, sentence: str, near: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.parameter = parameter
        self.near = tuple(near)


def read(parameter: Parameter, text: Value, services: Sequence[str] = ()) -> Value:
    """Read a value in any spelling that is accepted (`prod`, `V43`, `<@U0LEAD>`). Raises WrongValue."""
    readers: dict[ParameterType, Callable[[Parameter, str], Value]] = {
        ParameterType.STRING: _read_string,
        ParameterType.ENUM: _read_enum,
        ParameterType.INTEGER: _read_integer,
        ParameterType.VERSION: _read_version,
        ParameterType.PERSON: _read_person,
    }
    if parameter.type is ParameterType.SERVICE:
        return _read_service(parameter, str(text), services)
    return readers[parameter.type](parameter, str(text))


def check(action: Action, arguments: Mapping[str, Value], services: Sequence[str]) -> dict[str, Value]:
    """All arguments of an action, each of its type, defaults filled in. Raises WrongValue for the first that is
    wrong, missing or unknown.
    """
    for name in arguments:
        if action.parameter(name) is None:
            raise WrongValue(name, f"`{action.name}` has no parameter `{name}`.")
    found: dict[str, Value] = {}
    for parameter in action.parameters:
        value = arguments.get(parameter.name, parameter.default)
        if value is not None:
            found[parameter.name] = read(parameter, value, services)
        elif parameter.required:
            raise WrongValue(parameter.name, f"`{action.name}` needs `{parameter.name}`.")
    return found


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """Names that are one slip away: a letter too many, too few, another one, or two swapped."""
    return [name for name in names if name != word and is_one_slip(word, name)]


def is_one_slip(one: str, other: str) -> bool:
    """Whether two different words are one edit apart (a swap of neighbours is one edit)."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 3:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(map(len, (one, other)))
    )
    rest, other_rest = one[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


def clean(text: str) -> str:
    """A text without control and invisible formatting characters; line breaks and tabs stay."""
    return "".join(
        char for char in text if char in "\n\t\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )


def _read_string(parameter: Parameter, text: str) -> str:
    value = clean(text).strip()
    if not value:
        raise WrongValue(parameter.name, f"`{parameter.name}` must not be empty.")
    if len(value) > MAX_TEXT:
        raise WrongValue(parameter.name, f"`{parameter.name}` is longer than {MAX_TEXT} characters.")
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        raise WrongValue(
            parameter.name, f"{_quote(value)} is not a `{parameter.name}` ({parameter.description})."
        )
    return value


def _read_enum(parameter: Parameter, text: str) -> str:
    word = text.strip().casefold()
    wanted = {value.casefold(): value for value in parameter.values}
    value = wanted.get(word) or wanted.get(ALIASES.get(word, ""))
    if value is None:
        known = ", ".join(parameter.values)
        near = nearest(word, wanted)
        raise WrongValue(
            parameter.name, f"{_quote(text)} is none of the values of `{parameter.name}`: {known}.", near
        )
    return value


def _read_integer(parameter: Parameter, text: str) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise WrongValue(parameter.name, f"{_quote(text)} is not a whole number for `{parameter.name}`.")
    value = int(text)
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise WrongValue(parameter.name, f"`{parameter.name}` must be {_bounds(low, high)}, not {value}.")
    return value


def _bounds(low: int | None, high: int | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


def _read_version(parameter: Parameter, text: str) -> str:
    value = text.strip()
    if not _VERSION.fullmatch(value):
        raise WrongValue(
            parameter.name,
            f"{_quote(text)} is not a version for `{parameter.name}`, such as `v43` or `1.2.3`.",
        )
    return "v" + value[1:] if re.match(r"V\d", value) else value


def _read_person(parameter: Parameter, text: str) -> str:
    match = _PERSON.fullmatch(text.strip())
    if match is None:
        raise WrongValue(
            parameter.name,
            f"{_quote(text)} is not a person for `{parameter.name}`: mention one, as in @someone.",
        )
    return match[1] or match[2]


def _read_service(parameter: Parameter, text: str, services: Sequence[str]) -> str:
    word = re.sub(r"[\s_]+", "-", text.strip().casefold())
    if word not in services:
        near = nearest(word, services)
        hint = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else f"Known services: {', '.join(services) or 'none'}."
        )
        raise WrongValue(parameter.name, f"I know no service {_quote(text)}. {hint}", near)
    return word


def _quote(text: str) -> str:
    short = re.sub(r"\s+", " ", clean(text)).strip()
    return f"“{short if len(short) <= 60 else short[:59] + '…'}”"
