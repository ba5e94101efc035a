"""Slack's payloads as typed values. Nobody else indexes a raw body.

Shapes: the events, commands and interactions that Slack sends over Socket Mode (docs.slack.dev/reference).
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.ask import Ask
from domain.card import Place
from domain.message import SPOKEN_SUBTYPES, addressed_text, message_key, plain_text

Body = dict[str, Any]


# What reading raises where something is missing or of another kind.
_WRONG = (LookupError, TypeError, AttributeError, ValueError, OverflowError)


class Malformed(ValueError):
    """A payload that lacks what its kind always has, or has it in another form."""


@dataclass(frozen=True)
class Click:
    """A press of a button: what it asks (`action_id`), of which object (`value`), and where it stood. `trigger_id`
    opens a form within three seconds; `view_id` is set for one in a form.
    """

    action_id: str
    value: str
    ask: Ask
    trigger_id: str = ""
    team: str | None = None
    message_ts: str | None = None
    view_id: str | None = None
    metadata: str = ""


@dataclass(frozen=True)
class Submission:
    """A form that was sent: which one, what it carries of ours, and the values by block id."""

    callback_id: str
    metadata: str
    values: dict[str, str]
    ask: Ask
    team: str | None = None

    def ask_in(self, place: Place, text: str) -> Ask:
        """What the form asks, in words and in a place."""
        return replace(self.ask, place=place, text=text)


@dataclass(frozen=True)
class Joined:
    """Somebody became a member of a channel."""

    user: str
    channel: str


def read_command(body: Body, correlation_id: str) -> tuple[str, Ask]:
    """The name of a slash command, without its slash, and what it asks."""
    try:
        ask = Ask(
            event_key=f"command:{body.get('trigger_id') or _digest(body)}",
            person=_id(body["user_id"]),
            place=Place(_id(body["channel_id"]), body.get("thread_ts")),
            text=plain_text(body.get("text") or "").strip(),
            correlation_id=correlation_id,
            said_at=datetime.now(UTC),
        )
        return _id(body["command"]).lstrip("/"), ask
    except _WRONG as error:
        raise Malformed(f"a slash command cannot be read: {error!r}") from error


def read_message(body: Body, correlation_id: str, bot_user: str) -> Ask | None:
    """What a message of a person says to the bot; None where it is not said to it, or not by a person."""
    try:
        event = body["event"]
        direct = event.get("channel_type") == "im" or event["channel"].startswith("D")
        if event.get("bot_id") or not event.get("user") or event.get("subtype") not in SPOKEN_SUBTYPES:
            return None
        text = addressed_text(event.get("text") or "", bot_user, direct=direct)
        if text is None:
            return None
        return Ask(
            event_key=message_key(_id(event["channel"]), _id(event["ts"])),
            person=_id(event["user"]),
            place=Place(event["channel"], _id(event.get("thread_ts") or event["ts"])),
            text=text,
            correlation_id=correlation_id,
            said_at=datetime.fromtimestamp(float(event["ts"]), UTC),
            spoken=True,
        )
    except _WRONG as error:
        raise Malformed(f"a message event cannot be read: {error!r}") from error


def read_deleted(body: Body) -> tuple[str, str] | None:
    """Channel and ts of a message that somebody has deleted; None for every other event. Slack leaves a tombstone
    where there were replies.
    """
    try:
        event = body["event"]
        if event.get("subtype") == "message_deleted":
            return _id(event["channel"]), _id(event["deleted_ts"])
        changed = event.get("message") or {}
        if event.get("subtype") == "message_changed" and changed.get("subtype") == "tombstone":
            return _id(event["channel"]), _id(changed["ts"])
    except _WRONG as error:
        raise Malformed(f"a message event cannot be read: {error!r}") from error
    return None


def read_click(body: Body, correlation_id: str) -> Click:
    """The first action of a block_actions payload (Slack sends one at a time)."""
    try:
        action = body["actions"][0]
        container = body.get("container") or {}
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or body["user"]["id"]
        thread = (body.get("message") or {}).get("thread_ts")
        key = f"{body.get('trigger_id') or _digest(body)}:{action.get('action_ts', '')}"
        ask = Ask(
            event_key=f"action:{key}",
            person=_id(body["user"]["id"]),
            place=Place(_id(channel), thread),
            text=plain_text(
                str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
            ),
            correlation_id=correlation_id,
            said_at=datetime.now(UTC),
        )
        return Click(
            _id(action["action_id"]),
            ask.text,
            ask,
            trigger_id=str(body.get("trigger_id") or ""),
            team=(body.get("team") or {}).get("id"),
            message_ts=(body.get("message") or {}).get("ts"),
            view_id=(body.get("view") or {}).get("id"),
            metadata=(body.get("view") or {}).get("private_metadata") or "",
        )
    except _WRONG as error:
        raise Malformed(f"a click cannot be read: {error!r}") from error


def read_reply(body: Body, correlation_id: str) -> Ask | None:
    """What a person says in a thread, to nobody in particular; None for everything else."""
    try:
        event = body["event"]
        if event.get("bot_id") or not event.get("user") or event.get("subtype") not in SPOKEN_SUBTYPES:
            return None
        if not event.get("thread_ts") or event["thread_ts"] == event["ts"]:
            return None
        return Ask(
            event_key=message_key(_id(event["channel"]), _id(event["ts"])),
            person=_id(event["user"]),
            place=Place(event["channel"], _id(event["thread_ts"])),
            text=plain_text(event.get("text") or "").strip(),
            correlation_id=correlation_id,
            said_at=datetime.fromtimestamp(float(event["ts"]), UTC),
            spoken=True,
        )
    except _WRONG as error:
        raise Malformed(f"a message event cannot be read: {error!r}") from error


def read_submission(body: Body, correlation_id: str) -> Submission:
    """A view_submission payload."""
    try:
        view = body["view"]
        ask = Ask(
            event_key=f"view:{_id(view['id'])}:{view.get('hash', '')}",
            person=_id(body["user"]["id"]),
            place=Place(_id(body["user"]["id"])),
            text="",
            correlation_id=correlation_id,
            said_at=datetime.now(UTC),
        )
        values = {
            block: _value(element)
            for block, elements in view["state"]["values"].items()
            for element in elements.values()
        }
        metadata = view.get("private_metadata") or ""
        return Submission(_id(view["callback_id"]), metadata, values, ask, (body.get("team") or {}).get("id"))
    except _WRONG as error:
        raise Malformed(f"a form cannot be read: {error!r}") from error


def _value(element: dict[str, Any]) -> str:
    selected = element.get("selected_option") or {}
    return plain_text(str(element.get("value") or selected.get("value") or ""))


def read_joined(body: Body) -> Joined:
    """A member_joined_channel event."""
    try:
        return Joined(_id(body["event"]["user"]), _id(body["event"]["channel"]))
    except _WRONG as error:
        raise Malformed(f"a member_joined_channel event cannot be read: {error!r}") from error


def _id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"an id is expected, not {type(value).__name__}")
    return value


def _digest(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
