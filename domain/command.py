"""The commands a person can give, and the one grammar that reads them.

A command arrives in four ways: as a slash command of its own (`/execute …`), behind `/qd`, after a mention of
the bot, and as the first word of a direct message. All four end in `read_slash` or `read_chat`, so that a word
means the same thing everywhere.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from domain.delegation import read_delegation

MAX_REQUEST_LENGTH = 4_000
"""Slack documents no limit for the text of a slash command, so we set our own (characters)."""

_TASK_NUMBER = re.compile(r"(?:t-?|#)?(\d{1,15})", re.IGNORECASE)
_UMBRELLA = re.compile(r"\A\s*/?qd(?!\S)\s*", re.IGNORECASE)
_WORD = re.compile(r"\s*(/?)([^\s]+)\s*(.*)", re.DOTALL)
_PUNCTUATION = ".,;:!?…"
_SLIP = 0.82
"""How alike a word without a slash must be to a command: "statsu" is, "hello" is not."""


@dataclass(frozen=True)
class CommandSpec:
    """One row of the table: what `/help` shows and what the grammar accepts as argument."""

    name: str
    usage: str
    summary: str
    examples: tuple[str, ...]
    accepts: Callable[[str], bool]

    @property
    def call(self) -> str:
        """How it is called wherever Slack lets us: `/execute`, `/qd status`."""
        return f"/{self.name}" if self.name in {"execute", "cancel"} else f"/qd {self.name}"


@dataclass(frozen=True)
class Command:
    """A command that was understood: its name and the rest of the line, stripped."""

    name: str
    argument: str


@dataclass(frozen=True)
class UnknownCommand:
    """A word that is no command. `nearest` is the likeliest one meant, if any is near."""

    word: str
    nearest: str | None


@dataclass(frozen=True)
class MisusedCommand:
    """A command whose argument does not fit its usage."""

    spec: CommandSpec
    argument: str


@dataclass(frozen=True)
class Chat:
    """No command at all: something said to the bot."""

    text: str


Reading = Command | UnknownCommand | MisusedCommand


def task_number(text: str) -> int | None:
    """Read `T-12`, `t12`, `#12` or `12` as 12, also at the end of a sentence; anything else is None."""
    match = _TASK_NUMBER.fullmatch(text.strip().rstrip(_PUNCTUATION))
    return int(match.group(1)) if match else None


def _is_task(text: str) -> bool:
    return task_number(text) is not None


def _is_task_or_empty(text: str) -> bool:
    return not text or _is_task(text)


def _is_command_or_empty(text: str) -> bool:
    return not text or text.lstrip("/").lower() in SPECS


TABLE: tuple[CommandSpec, ...] = (
    CommandSpec(
        "execute",
        "/execute <task>",
        "Plan a task, get it approved where the risk says so, and carry it out.",
        ("/execute roll back checkout to v41",),
        lambda text: True,
    ),
    CommandSpec(
        "status",
        "/qd status [T-12]",
        "What runs, what waits for whom, and how I am; or one task in full.",
        ("/qd status", "/qd status T-12"),
        _is_task_or_empty,
    ),
    CommandSpec(
        "cancel",
        "/cancel T-12",
        "Stop a task. What it has done so far is said.",
        ("/cancel T-12",),
        _is_task,
    ),
    CommandSpec(
        "approvals",
        "/qd approvals",
        "What waits for your approval.",
        ("/qd approvals",),
        lambda text: not text,
    ),
    CommandSpec(
        "delegate",
        "/qd delegate @someone until 18:00",
        "Let somebody decide in your place for a while.",
        ("/qd delegate @someone until 18:00", "/qd delegate @someone for 2 hours"),
        lambda text: read_delegation(text) is not None,
    ),
    CommandSpec(
        "help",
        "/qd help [command]",
        "This overview, or one command with its examples.",
        ("/qd help", "/qd help execute"),
        _is_command_or_empty,
    ),
)
SPECS = {spec.name: spec for spec in TABLE}


def nearest_command(word: str) -> str | None:
    """The command that `word` was likely meant to be, or None when none is near."""
    near = difflib.get_close_matches(word.lower(), SPECS, n=1, cutoff=0.5)
    return near[0] if near else None


def _check(name: str, argument: str) -> Command | MisusedCommand:
    spec = SPECS[name]
    return Command(name, argument) if spec.accepts(argument) else MisusedCommand(spec, argument)


def _read_words(text: str) -> Reading:
    # "@Quarterdeck /qd status" is what a person types who knows the slash command.
    match = _WORD.fullmatch(_UMBRELLA.sub("", text, count=1))
    if match is None:
        return Command("help", "")
    whole, argument = match.group(2).lower(), match.group(3).strip()
    word = whole.rstrip(_PUNCTUATION) or whole
    if word not in SPECS:
        return UnknownCommand(word, nearest_command(word))
    return _check(word, argument)


def read_slash(name: str, text: str) -> Reading:
    """Read a slash command. `name` comes without its slash; `qd` (or any name that is no command of ours,
    since names are configurable) is the umbrella, whose first word is the command.
    """
    if name in SPECS:
        return _check(name, text.strip())
    return _read_words(text)


def read_chat(text: str) -> Reading | Chat:
    """Read what was said to the bot, the mention itself already removed.

    With a leading slash the first word must be a command. Without one it is a command where it stands alone or the
    rest fits the command's usage: "status T-12" is one, "status of checkout?" is a question.
    """
    match = _WORD.fullmatch(text)
    if match is None:
        return Chat("")
    if match.group(1):
        return _read_words(text)
    reading = _read_words(text)
    return reading if _is_meant(reading, match.group(3).strip()) else Chat(text.strip())


def _is_meant(reading: Reading, rest: str) -> bool:
    """Whether words without a slash are a command, or a slip of the pen in one."""
    if isinstance(reading, UnknownCommand):
        near = difflib.get_close_matches(reading.word, SPECS, n=1, cutoff=_SLIP)
        # Whatever follows "executed" or "executes" fits: it says nothing about what was meant.
        return bool(near) and SPECS[near[0]].accepts(rest) and not (rest and near[0] == "execute")
    return isinstance(reading, Command) or not rest
