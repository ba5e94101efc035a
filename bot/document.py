"""A YAML file that a person wrote, and where in it something is wrong: every refusal names file, line and reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
Location = Sequence[str | int]
"""A path of keys and indexes: ("rules", 2, "level")."""


class _Loader(yaml.SafeLoader):
    """Plain values only; what looks like a date stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Document:
    """A file that was read: `value` is what it says, `root` knows the lines."""

    name: str
    value: Any
    root: yaml.Node | None

    def validate(self, model: type[M]) -> M:
        """What the file says, as `model`. Raises ConfigurationError for the first thing that does not fit."""
        try:
            return model.model_validate({} if self.value is None else self.value)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
        raise self._wrong([part for part in problem["loc"] if part != "[key]"], _explain(problem))

    def refuse(self, location: Location, reason: str) -> NoReturn:
        """Raises ConfigurationError with the line of `location`, or of what is nearest above it."""
        raise self._wrong(location, reason)

    def _wrong(self, location: Location, reason: str) -> ConfigurationError:
        return ConfigurationError(f"{self.name}, line {self.line(location)}: {reason}.")

    def line(self, location: Location) -> int:
        """The line, from 1, of a key or an item."""
        node, line = self.root, _line(self.root)
        for part in location:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line


def packaged(name: str) -> Traversable:
    """A file that comes with Quarterdeck (`policy.yaml`)."""
    return files("bot") / "defaults" / name


def read(path: Path | Traversable, variable: str) -> Document:
    """Read and parse a file. Raises ConfigurationError; `variable` is the setting that names the file."""
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(name, (error.strerror or str(error)).lower(), variable) from None
    except ValueError:
        raise _unreadable(name, "it is not UTF-8 text", variable) from None
    try:
        return _parse(name, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigurationError(f"{name}, line {line}: {error.problem or error.context}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigurationError(
            f"{name}, line {line}: it holds a character that YAML does not allow."
        ) from None
    except (ValueError, RecursionError):
        raise _unreadable(name, "it is no YAML of plain values, or nested too deeply", variable) from None


def _unreadable(name: str, reason: str, variable: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} cannot be read ({reason}): let {variable} name a YAML file, or leave it out."
    )


def _parse(name: str, text: str) -> Document:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Document(name, None, None)
        _refuse_repetitions(name, root)
        return Document(name, loader.construct_document(root), root)
    finally:
        loader.dispose()


def _refuse_repetitions(name: str, root: yaml.Node) -> None:
    """YAML would let the last of two equal keys win in silence."""
    waiting, visited = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(value for _, value in node.value)
            _refuse_twins(name, [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)])


def _refuse_twins(name: str, keys: Sequence[yaml.ScalarNode]) -> None:
    known: dict[str, int] = {}
    for key in keys:
        if key.value in known:
            reason = f"`{key.value}` stands there already in line {known[key.value]}; keep one of them"
            raise ConfigurationError(f"{name}, line {_line(key)}: {reason}.")
        known[key.value] = _line(key)


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item: yaml.Node = node.value[part]
        return _line(item), item
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(part):
                return _line(key), value
    return None


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None and node.start_mark is not None else 1


_REASONS: Mapping[str, str] = {
    "missing": "`{field}` is missing",
    "extra_forbidden": "`{field}` is not known here: correct its spelling, or remove it",
    "model_type": "`{field}` should be a mapping of names to values",
    "dict_type": "`{field}` should be a mapping of names to values",
    "list_type": "`{field}` should be a list",
    "tuple_type": "`{field}` should be a list",
    "too_short": "`{field}` should name at least one",
    "bool_type": "`{field}` should be true or false",
}


def _explain(problem: ErrorDetails) -> str:
    """A reason in words, with the nearest name above it: `level` should be 'low' or 'high'."""
    names = [part for part in problem["loc"] if isinstance(part, str) and part != "[key]"]
    field = names[-1] if names else "the file"
    if problem["type"] in _REASONS:
        return _REASONS[problem["type"]].format(field=field)
    reason = (
        problem["msg"]
        .removeprefix("Value error, ")
        .replace("Input should", "should")
        .replace("String should", "should")
    )
    return reason if problem["type"] == "value_error" else f"`{field}` {reason[:1].lower()}{reason[1:]}"
