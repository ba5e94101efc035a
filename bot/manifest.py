"""The Slack app manifest that a configuration needs: the packaged one under the command names it chose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

import manifests

# Slack keeps these for itself and refuses all commands of a manifest that declares one of them. These are the
# ones that people reported: Slack publishes no list.
BUILT_IN = frozenset(
    {
        *("away", "collapse", "dnd", "expand", "feed", "help", "join", "leave", "me", "msg"),
        *("mute", "open", "pro", "remind", "search", "shortcuts", "shrug", "status", "topic", "who"),
    }
)
_COMMAND = re.compile(r"/[a-z0-9][a-z0-9-]{0,30}")
_DECLARED = re.compile(r"^(\s*- command: )/(\S+)$", re.MULTILINE)


def render(name: str = "slack", commands: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the manifest `name` ("slack" or "sandbox") as Slack's API takes it.

    `commands` maps our names to those of the organisation, as in {"execute": "/run"}; others stay.
    Raises ValueError with a sentence naming the fix for a name that Slack would refuse.
    """
    document: dict[str, Any] = yaml.safe_load(as_yaml(name, commands))
    return document


def as_yaml(name: str = "slack", commands: Mapping[str, str] | None = None) -> str:
    """Return the manifest as YAML to paste, comments included. Arguments and errors as in `render`."""
    text = manifests.read(name)
    declared = [found[2] for found in _DECLARED.finditer(text)]
    names = {each: f"/{each}" for each in declared} | dict(commands or {})
    _check(names, declared, built_in=BUILT_IN if name == "slack" else frozenset())
    return _DECLARED.sub(lambda found: found[1] + names[found[2]], text)


def _check(names: Mapping[str, str], declared: list[str], built_in: frozenset[str]) -> None:
    taken: set[str] = set()
    for command, chosen in names.items():
        if command not in declared:
            known = ", ".join(declared)
            raise ValueError(f"There is no command {command!r} to rename: the manifest declares {known}.")
        if not _COMMAND.fullmatch(chosen):
            raise ValueError(
                f"{chosen!r} is no command name that Slack accepts: use a slash and up to 31 lower-case "
                "letters, digits or dashes, such as /qd-execute."
            )
        if chosen[1:] in built_in:
            raise ValueError(f"{chosen} is built into Slack and would be refused: choose another name.")
        if chosen in taken:
            raise ValueError(f"Two commands cannot both be {chosen}: choose another name for one of them.")
        taken.add(chosen)
