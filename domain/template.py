"""Templates in the catalogue: `{parameter}` and `{result.field}` are filled in, `${NAME}` is a secret's place.

A template is read once from left to right: braces within a value that was filled in mean nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_PLACE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}|(?<!\$)\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)?)\}")


class Absent(KeyError):
    """A template needs a value that is not there; the argument is its name."""


def places(template: Any) -> frozenset[str]:
    """Every `{parameter}` and `{result.field}` in a string, or in all strings of a JSON structure."""
    return frozenset(match[2] for text in texts(template) for match in _PLACE.finditer(text) if match[2])


def secrets(template: Any) -> frozenset[str]:
    """Every `${NAME}` in a string, or in all strings of a JSON structure."""
    return frozenset(match[1] for text in texts(template) for match in _PLACE.finditer(text) if match[1])


def strays(template: Any) -> list[str]:
    """Strings with braces that are no template: a name with a capital letter, a space within, one brace alone."""
    return [text for text in texts(template) if re.search(r"[{}]", _PLACE.sub("", text))]


def texts(structure: Any) -> list[str]:
    """Every string of a JSON structure, keys not among them."""
    if isinstance(structure, str):
        return [structure]
    if isinstance(structure, Mapping):
        structure = list(structure.values())
    return [text for item in structure for text in texts(item)] if isinstance(structure, list) else []


def fill(
    template: str,
    values: Mapping[str, Any],
    encode: Callable[[str], str] = str,
    names: Mapping[str, str] | None = None,
) -> str:
    """Put values into a string, each through `encode`; `${NAME}` stays as it is, or is taken from `names`.

    Raises Absent.
    """

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return match[0] if names is None else _get(names, match[1])
        return encode(str(_get(values, match[2])))

    return _PLACE.sub(replace, template)


def fill_structure(structure: Any, values: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Any:
    """Put values into a JSON structure. A string that is one place and nothing else takes the value with its type;
    a field of an object whose only place has no value is left out. Raises Absent for anything else that is missing.
    """
    if isinstance(structure, str):
        whole = _PLACE.fullmatch(structure)
        if whole and whole[2]:
            return _get(values, whole[2])
        return fill(structure, values, names=names)
    if isinstance(structure, Mapping):
        kept = {key: item for key, item in structure.items() if not _is_absent(item, values)}
        return {key: fill_structure(item, values, names) for key, item in kept.items()}
    if isinstance(structure, list):
        return [fill_structure(item, values, names) for item in structure]
    return structure


def _is_absent(item: Any, values: Mapping[str, Any]) -> bool:
    whole = _PLACE.fullmatch(item) if isinstance(item, str) else None
    return bool(whole and whole[2] and values.get(whole[2]) is None)


def _get(values: Mapping[str, Any], name: str) -> Any:
    if values.get(name) is None:
        raise Absent(name)
    return values[name]
