"""What a Slack client does to typed words before it sends them: mentions, links, escapes, and rich text."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.workspace import Workspace

Block = dict[str, Any]
_TOKEN = re.compile(
    r"<(?P<mark>[@#!][^<>\s|]+(?:\|[^<>]*)?|(?:https?|mailto):[^<>\s|]+(?:\|[^<>]*)?)>"
    r"|(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)'\"])"
    r"|(?<![\w@])@(?P<at>[A-Za-z][\w.-]*\w|[A-Za-z])"
    r"|(?<![\w#&])#(?P<hash>[a-z][a-z0-9_-]*)"
)


@dataclass(frozen=True, slots=True)
class Composed:
    """`text` as Slack stores it, and the same as the elements of a rich text section."""

    text: str
    elements: list[dict[str, Any]]

    def blocks(self, block_id: str) -> list[Block]:
        """Return the one rich_text block of a person's message."""
        section = {"type": "rich_text_section", "elements": self.elements}
        return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def escape(text: str) -> str:
    """Escape the three characters that are markup in Slack's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose(workspace: Workspace, typed: str) -> Composed:
    """Turn typed words into message text and rich text; names that nobody has stay plain words."""
    text: list[str] = []
    elements: list[dict[str, Any]] = []
    position = 0
    for match in _TOKEN.finditer(typed):
        token = _read_token(workspace, match)
        if token is None:
            continue
        _append_plain(text, elements, typed[position : match.start()])
        text.append(token[0])
        elements.append(token[1])
        position = match.end()
    _append_plain(text, elements, typed[position:])
    return Composed("".join(text), elements)


def _append_plain(text: list[str], elements: list[dict[str, Any]], plain: str) -> None:
    if plain:
        text.append(escape(plain))
        elements.append({"type": "text", "text": plain})


def _read_token(workspace: Workspace, match: re.Match[str]) -> tuple[str, dict[str, Any]] | None:
    if match["mark"]:
        return _read_mark(match["mark"])
    if match["url"]:
        return f"<{escape(match['url'])}>", {"type": "link", "url": match["url"]}
    if match["at"]:
        return _read_name(workspace, match["at"])
    channel = workspace.find_channel(match["hash"])
    if channel is None:
        return None
    return f"<#{channel.id}|{channel.name}>", {"type": "channel", "channel_id": channel.id}


def _read_mark(mark: str) -> tuple[str, dict[str, Any]]:
    target, _, label = mark.partition("|")
    kind, name = target[0], target[1:]
    if kind == "@":
        return f"<@{name}>", {"type": "user", "user_id": name}
    if kind == "#":
        return f"<{mark}>", {"type": "channel", "channel_id": name}
    if kind == "!":
        return f"<{mark}>", {"type": "broadcast", "range": name}
    link = {"type": "link", "url": target}
    return f"<{escape(mark)}>", link | {"text": label} if label else link


def _read_name(workspace: Workspace, name: str) -> tuple[str, dict[str, Any]] | None:
    if name in ("here", "channel", "everyone"):
        return f"<!{name}>", {"type": "broadcast", "range": name}
    wanted = name.lower()
    for user in workspace.users.values():
        if wanted in (user.name.lower(), user.real_name.lower()):
            return f"<@{user.id}>", {"type": "user", "user_id": user.id}
    return None


def escape_command(workspace: Workspace, typed: str) -> str:
    """Return a command's text as sent where the manifest says `should_escape`: mentions carry id and name."""

    def replace(match: re.Match[str]) -> str:
        token = _read_token(workspace, match)
        if token is None or token[1]["type"] != "user":
            return match[0] if token is None else token[0]
        user = workspace.users.get(token[1]["user_id"])
        return token[0] if user is None else f"<@{user.id}|{user.name}>"

    return _TOKEN.sub(replace, typed)
