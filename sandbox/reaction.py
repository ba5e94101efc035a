"""Reactions to messages, whoever adds them."""

import re
from typing import Any

from sandbox.desk import Desk
from sandbox.event import announce
from sandbox.message import describe
from sandbox.workspace import Channel, Message

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


class ReactionError(Exception):
    """The reaction cannot be added or removed; the text is Slack's error code."""


def add_reaction(desk: Desk, channel: Channel, message: Message, user: str, name: str) -> None:
    """React. Raises ReactionError `invalid_name` or `already_reacted`."""
    if not _NAME.fullmatch(name):
        raise ReactionError("invalid_name")
    reactions = {item["name"]: item["users"] for item in message.body.get("reactions", [])}
    if user in reactions.get(name, []):
        raise ReactionError("already_reacted")
    reactions[name] = [*reactions.get(name, []), user]
    _replace(desk, channel, message, reactions)
    _announce(desk, channel, message, user, name, "reaction_added")


def remove_reaction(desk: Desk, channel: Channel, message: Message, user: str, name: str) -> None:
    """Take a reaction back. Raises ReactionError `no_reaction`."""
    reactions = {item["name"]: item["users"] for item in message.body.get("reactions", [])}
    if user not in reactions.get(name, []):
        raise ReactionError("no_reaction")
    reactions[name] = [other for other in reactions[name] if other != user]
    _replace(desk, channel, message, reactions)
    _announce(desk, channel, message, user, name, "reaction_removed")


def _replace(desk: Desk, channel: Channel, message: Message, reactions: dict[str, list[str]]) -> None:
    listed: list[dict[str, Any]] = [
        {"name": name, "users": users, "count": len(users)} for name, users in reactions.items() if users
    ]
    body = {key: value for key, value in message.body.items() if key != "reactions"}
    message.body = {**body, "reactions": listed} if listed else body
    desk.feed.publish("message.changed", channel=channel.id, message=describe(message))


def _announce(desk: Desk, channel: Channel, message: Message, user: str, name: str, type_: str) -> None:
    event = {
        "type": type_,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.body.get("user"),
        "event_ts": desk.ids.timestamp(),
    }
    announce(desk, event, channel)
