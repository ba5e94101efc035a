"""Posting, changing and deleting messages: state, feed and events together, whoever does it."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.composer import compose
from sandbox.desk import Desk
from sandbox.event import announce
from sandbox.identity import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_ID
from sandbox.view import with_ids
from sandbox.workspace import Body, Channel, Message, User

MENTION = f"<@{BOT_USER_ID}>"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a bot wants to say. `blocks`, `attachments` and `metadata` in Slack's own form."""

    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    username: str | None = None


def describe(message: Message) -> dict[str, Any]:
    """Return a message as `/_sandbox/state` and the feed show it."""
    body = message.body
    return {
        "ts": body["ts"],
        "thread_ts": body.get("thread_ts"),
        "user": body.get("user"),
        "bot_id": body.get("bot_id"),
        "subtype": body.get("subtype"),
        "text": body.get("text", ""),
        "blocks": body.get("blocks", []),
        "attachments": body.get("attachments", []),
        "metadata": body.get("metadata"),
        "edited": body.get("edited"),
        "reactions": body.get("reactions", []),
        "files": body.get("files", []),
        "reply_count": body.get("reply_count", 0),
        "streaming": bool(body.get("streaming", False)),
        "ephemeral_to": message.ephemeral_to,
    }


def public_body(message: Message, with_metadata: bool = False) -> Body:
    """Return Slack's message object as history and events show it."""
    if with_metadata or "metadata" not in message.body:
        return message.body
    return {key: value for key, value in message.body.items() if key != "metadata"}


def resolve_thread(channel: Channel, thread_ts: str | None) -> str | None:
    """Return the thread to post in; None where its first message is gone: Slack then posts at top level."""
    parent = channel.messages.get(thread_ts) if thread_ts else None
    if parent is None or parent.ephemeral_to is not None:
        return None
    return parent.thread_ts or parent.ts


def post_as_bot(desk: Desk, channel: Channel, draft: Draft, ephemeral_to: str | None = None) -> Message:
    """Put a message of the app into a channel (or before one person's eyes only)."""
    body: Body = {
        "type": "message",
        "user": BOT_USER_ID,
        "ts": desk.ids.timestamp(),
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "text": draft.text,
        "team": TEAM_ID,
        "bot_profile": _bot_profile(draft.username),
    }
    if draft.blocks:
        body["blocks"] = with_ids(draft.blocks, desk.ids)
    if draft.attachments:
        body["attachments"] = [{"id": n, **item} for n, item in enumerate(draft.attachments, 1)]
    if draft.metadata is not None:
        body["metadata"] = draft.metadata
    _place(channel, body, draft.thread_ts, draft.broadcast)
    return _publish(desk, channel, Message(channel.id, body, ephemeral_to))


def post_as_person(
    desk: Desk,
    channel: Channel,
    user: User,
    typed: str,
    thread_ts: str | None = None,
    files: list[Body] | None = None,
) -> Message:
    """Put a person's typed words into a channel as their client would send them."""
    composed = compose(desk.workspace, typed)
    body: Body = {
        "type": "message",
        "user": user.id,
        "ts": desk.ids.timestamp(),
        "client_msg_id": desk.ids.envelope(),
        "text": composed.text,
        "team": TEAM_ID,
        "blocks": composed.blocks(desk.ids.block()),
    }
    if user.is_bot:
        body["bot_id"] = user.bot_id
    if files:
        body |= {"subtype": "file_share", "files": files, "upload": True}
    if not composed.text:
        del body["blocks"]
    _place(channel, body, thread_ts, broadcast=False)
    return _publish(desk, channel, Message(channel.id, body))


def _place(channel: Channel, body: Body, thread_ts: str | None, broadcast: bool) -> None:
    thread = resolve_thread(channel, thread_ts)
    if thread is None:
        return
    body["thread_ts"] = thread
    parent = channel.messages[thread]
    body["parent_user_id"] = parent.body.get("user")
    if broadcast:
        body |= {"subtype": "thread_broadcast", "root": public_body(parent)}


def _publish(desk: Desk, channel: Channel, message: Message) -> Message:
    desk.workspace.add_message(channel, message)
    desk.feed.publish("message.posted", channel=channel.id, message=describe(message))
    if message.ephemeral_to is None:
        event = _located(public_body(message), channel, message.ts)
        announce(desk, event, channel)
        _announce_mention(desk, channel, event)
    return message


def _announce_mention(desk: Desk, channel: Channel, event: Body) -> None:
    if MENTION not in event["text"] or event.get("user") == BOT_USER_ID or channel.is_im:
        return
    mention = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
    announce(desk, mention | {"type": "app_mention"}, channel)


def _located(body: Body, channel: Channel, event_ts: str) -> Body:
    return {**body, "channel": channel.id, "event_ts": event_ts, "channel_type": channel.kind}


def change(desk: Desk, channel: Channel, message: Message, changes: Body, editor: str) -> None:
    """Replace parts of a message; a value of None removes its key. Everyone is told `message_changed`."""
    before = public_body(message)
    now = desk.ids.timestamp()
    body = {key: value for key, value in {**message.body, **changes}.items() if value is not None}
    if editor:
        body["edited"] = {"user": editor, "ts": now}
    message.body = body
    desk.feed.publish("message.changed", channel=channel.id, message=describe(message))
    if message.ephemeral_to is not None:
        return
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": public_body(message),
        "previous_message": before,
        "ts": now,
    }
    announce(desk, _located(event, channel, now), channel)


def delete(desk: Desk, channel: Channel, message: Message) -> None:
    """Take a message away. Everyone is told `message_deleted`."""
    desk.workspace.remove_message(channel, message)
    desk.feed.publish("message.deleted", channel=channel.id, ts=message.ts, thread_ts=message.thread_ts)
    if message.ephemeral_to is not None:
        return
    now = desk.ids.timestamp()
    event = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message.ts,
        "previous_message": public_body(message),
        "ts": now,
    }
    announce(desk, _located(event, channel, now), channel)


def _bot_profile(username: str | None) -> dict[str, Any]:
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": username or BOT_NAME,
        "icons": {"image_36": "", "image_48": "", "image_72": ""},
        "deleted": False,
        "updated": 1_700_000_000,
        "team_id": TEAM_ID,
    }
