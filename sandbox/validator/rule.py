"""The small rules that every block and element is checked with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]
Rule = Callable[[Any, str], Iterator["Problem"]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where, as a JSON pointer."""

    pointer: str
    message: str

    def __str__(self) -> str:
        """Write it as Slack's response_metadata.messages do."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


def check_length(value: Any, at: str, most: int, least: int = 0) -> Iterator[Problem]:
    """A string of at most `most` characters (or nothing)."""
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, "must be a string")
    elif len(value) > most:
        yield Problem(at, f"must be less than {most + 1} characters")
    elif len(value) < least:
        yield Problem(at, f"must be more than {least - 1} characters")


def check_text(value: Any, at: str, most: int, plain: bool = False) -> Iterator[Problem]:
    """A text object with 1 to `most` characters."""
    if not isinstance(value, dict):
        yield Problem(at, "missing required field: text object")
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield Problem(f"{at}/type", f"must be one of: {', '.join(kinds)}")
    if not isinstance(value.get("text"), str):
        yield Problem(f"{at}/text", "missing required field: text")
    else:
        yield from check_length(value["text"], f"{at}/text", most, least=1)


def check_count(value: Any, at: str, least: int, most: int) -> Iterator[Problem]:
    """An array with `least` to `most` items."""
    if not isinstance(value, list):
        yield Problem(at, "missing required field: must be an array")
    elif len(value) < least:
        yield Problem(at, f"no fewer than {least} items allowed")
    elif len(value) > most:
        yield Problem(at, f"no more than {most} items allowed")


def check_nothing(_block: Block, _at: str) -> Iterator[Problem]:
    """Accept anything: a type whose fields are not checked yet."""
    yield from ()
