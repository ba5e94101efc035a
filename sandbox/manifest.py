"""Reads the app manifest: the scopes, commands, shortcuts and events that the sandbox grants and delivers."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_SCOPES = """
    app_mentions:read channels:history channels:read channels:join chat:write commands groups:history
    groups:read im:history im:read im:write metadata.message:read reactions:read reactions:write team:read
    usergroups:read users:read users:read.email
"""
_COMMANDS = ("/execute", "/cancel", "/qd", "/status", "/help")
_EVENTS = """
    app_home_opened app_mention member_joined_channel message.channels message.groups message.im
    reaction_added reaction_removed
"""


class ManifestError(Exception):
    """The manifest cannot be used; the text is a sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the app is allowed and told. `escaped_commands` are those whose text carries `<@U…|name>`."""

    scopes: tuple[str, ...]
    commands: frozenset[str]
    escaped_commands: frozenset[str]
    shortcuts: dict[str, str]
    events: frozenset[str]
    home_tab: bool
    source: str


def default_manifest() -> Manifest:
    """Return what is assumed where no manifest file is there yet."""
    return Manifest(
        tuple(_SCOPES.split()),
        frozenset(_COMMANDS),
        frozenset(),
        {},
        frozenset(_EVENTS.split()),
        home_tab=True,
        source="built-in",
    )


def load_manifest(path: str | None = None) -> Manifest:
    """Read `path`, or `sandbox.yaml` of the package `manifests`; without either file, the built-in defaults.

    Raises ManifestError when `path` was named and is not there, or the file is not a manifest.
    """
    if path is not None:
        file = Path(path)
        if not file.is_file():
            raise ManifestError(f"There is no manifest at {path}: name an existing file with --manifest.")
        return parse_manifest(file.read_text("utf-8"), path)
    packaged = importlib.resources.files("manifests").joinpath("sandbox.yaml")
    if not packaged.is_file():
        return default_manifest()
    return parse_manifest(packaged.read_text("utf-8"), "manifests/sandbox.yaml")


def parse_manifest(text: str, source: str) -> Manifest:
    """Turn the YAML of a manifest into a Manifest; raises ManifestError with the reason."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError(f"The manifest {source} is not YAML: {error}.") from error
    if not isinstance(document, dict):
        raise ManifestError(f"The manifest {source} is not a mapping: begin it with 'display_information:'.")
    features = _mapping(document, "features")
    commands = [item for item in features.get("slash_commands") or [] if isinstance(item, dict)]
    shortcuts = [item for item in features.get("shortcuts") or [] if isinstance(item, dict)]
    return Manifest(
        scopes=tuple(_mapping(document, "oauth_config", "scopes").get("bot") or ()),
        commands=frozenset(str(item.get("command", "")) for item in commands),
        escaped_commands=frozenset(str(item["command"]) for item in commands if item.get("should_escape")),
        shortcuts={str(item.get("callback_id")): str(item.get("type", "global")) for item in shortcuts},
        events=frozenset(_mapping(document, "settings", "event_subscriptions").get("bot_events") or ()),
        home_tab=bool(_mapping(document, "features", "app_home").get("home_tab_enabled", False)),
        source=source,
    )


def _mapping(document: dict[str, Any], *path: str) -> dict[str, Any]:
    for name in path:
        inner = document.get(name)
        if not isinstance(inner, dict):
            return {}
        document = inner
    return document
