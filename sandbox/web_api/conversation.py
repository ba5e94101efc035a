"""conversations.*: finding conversations and reading them."""

import base64
import binascii
from itertools import islice
from typing import Any

from sandbox.identity import BOT_USER_ID, TEAM_ID
from sandbox.message import public_body
from sandbox.web_api.call import Call, SlackError
from sandbox.workspace import Body, Channel, Message

Answer = dict[str, Any]
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def describe_channel(channel: Channel) -> Answer:
    """Return Slack's conversation object."""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
            "user": channel.other,
            "is_user_deleted": False,
            "priority": 0,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": BOT_USER_ID in channel.members,
        "created": channel.created,
        "updated": channel.created * 1000,
        "creator": channel.creator,
        "unlinked": 0,
        "context_team_id": TEAM_ID,
        "shared_team_ids": [TEAM_ID],
        "previous_names": [],
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.created},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def list_all(call: Call) -> Answer:
    """conversations.list."""
    kinds = _read_kinds(call)
    found = [item for item in call.desk.workspace.channels.values() if _is_listed(call, item, kinds)]
    page, cursor = cut_page(call, found, 100)
    return {"channels": [describe_channel(item) for item in page], **next_page(cursor)}


def list_joined(call: Call) -> Answer:
    """users.conversations: what the app (or `user`) is a member of."""
    kinds = _read_kinds(call)
    user = call.text("user") or BOT_USER_ID
    channels = call.desk.workspace.channels.values()
    found = [item for item in channels if user in item.members and _is_listed(call, item, kinds)]
    page, cursor = cut_page(call, found, 100)
    return {"channels": [describe_channel(item) for item in page], **next_page(cursor)}


def info(call: Call) -> Answer:
    """conversations.info."""
    channel = call.channel()
    call.require_conversation_scope(channel, "read")
    described = describe_channel(channel)
    if not call.flag("include_num_members"):
        described.pop("num_members", None)
    return {"channel": described}


def members(call: Call) -> Answer:
    """conversations.members."""
    channel = call.channel()
    call.require_conversation_scope(channel, "read")
    page, cursor = cut_page(call, channel.members, 100)
    return {"members": list(page), **next_page(cursor)}


def history(call: Call) -> Answer:
    """conversations.history: newest first, without replies."""
    channel = call.member_channel()
    call.require_conversation_scope(channel, "history")
    oldest, latest, inclusive = call.text("oldest") or "0", call.text("latest"), call.flag("inclusive")
    limit, before = call.number("limit", 100, 999), _read_cursor(call)
    span = (item for item in channel.timeline() if _in_span(item.ts, oldest, latest, inclusive))
    found = list(islice((item for item in span if before is None or item.ts < before), limit + 1))
    page = found[:limit]
    cursor = page[-1].ts if len(found) > limit else None
    return {
        "messages": [_show(call, item) for item in page],
        "has_more": cursor is not None,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        **(next_page(cursor) if cursor else {}),
    }


def replies(call: Call) -> Answer:
    """conversations.replies: the first message of the thread, then its replies, oldest first."""
    channel = call.member_channel()
    call.require_conversation_scope(channel, "history")
    ts = call.require("ts")
    root = channel.messages.get(ts)
    listed = [channel.messages[item] for item in channel.replies.get(ts, []) if item in channel.messages]
    if root is None and not listed:
        raise SlackError("thread_not_found")
    oldest, latest, inclusive = call.text("oldest") or "0", call.text("latest"), call.flag("inclusive")
    after = _read_cursor(call)
    found = [item for item in listed if _in_span(item.ts, oldest, latest, inclusive)]
    found = [item for item in found if after is None or item.ts > after]
    limit = call.number("limit", 1000, 1000)
    page = found[:limit]
    cursor = page[-1].ts if len(found) > limit else None
    head = [] if root is None or root.ephemeral_to is not None else [root]
    return {
        "messages": [_show(call, item) for item in [*head, *page]],
        "has_more": cursor is not None,
        **(next_page(cursor) if cursor else {}),
    }


def _show(call: Call, message: Message) -> Body:
    return public_body(message, with_metadata=call.flag("include_all_metadata"))


def _in_span(ts: str, oldest: str, latest: str | None, inclusive: bool) -> bool:
    at, low = _seconds(ts), _seconds(oldest)
    high = float("inf") if latest in (None, "now") else _seconds(str(latest))
    return low <= at <= high if inclusive else low < at < high


def _seconds(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None


def _read_kinds(call: Call) -> set[str]:
    names = [name.strip() for name in (call.text("types") or "public_channel").split(",") if name.strip()]
    if any(name not in _TYPES for name in names):
        raise SlackError("invalid_types")
    scopes = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}
    kinds = {_TYPES[name] for name in names}
    for kind in sorted(kinds):
        call.require_scope(scopes[kind])
    return kinds


def _is_listed(call: Call, channel: Channel, kinds: set[str]) -> bool:
    if channel.kind not in kinds or (channel.is_archived and call.flag("exclude_archived")):
        return False
    return channel.kind == "channel" or BOT_USER_ID in channel.members


def cut_page(call: Call, items: list[Any], default: int) -> tuple[list[Any], str | None]:
    """Return the page that `limit` and `cursor` ask for, and where the next one begins (None at the end)."""
    start = _read_cursor(call) or "0"
    if not start.isdigit():
        raise SlackError("invalid_cursor")
    limit, first = call.number("limit", default, 1000), int(start)
    page = items[first : first + limit]
    return page, str(first + limit) if first + limit < len(items) else None


def _read_cursor(call: Call) -> str | None:
    cursor = call.text("cursor")
    if cursor is None:
        return None
    try:
        kind, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
    if kind != "next":
        raise SlackError("invalid_cursor")
    return value


def next_page(cursor: str | None) -> Answer:
    """Return the part of an answer that names the next page."""
    encoded = "" if cursor is None else base64.b64encode(f"next:{cursor}".encode()).decode()
    return {"response_metadata": {"next_cursor": encoded}}
