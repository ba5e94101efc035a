"""Looking at the sandbox and turning its screws: state, log, faults, limits, clock."""

from typing import Any

from sandbox.desk import Desk
from sandbox.identity import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_ID
from sandbox.message import describe
from sandbox.workspace import Channel, User


def state(desk: Desk, channel_id: str | None = None, limit: int | None = None) -> dict[str, Any]:
    """Return everything visible; only one channel, or only the newest `limit` messages of each, if asked."""
    channels = desk.workspace.channels.values()
    return {
        "ok": True,
        "team": {"id": TEAM_ID},
        "bot": {"user_id": BOT_USER_ID, "bot_id": BOT_ID, "app_id": APP_ID, "name": BOT_NAME},
        "users": [_describe_user(user) for user in desk.workspace.users.values()],
        "channels": [_describe_channel(item, limit) for item in channels if channel_id in (None, item.id)],
        "views": [
            {"id": item.id, "user": item.user, "callback_id": item.body["callback_id"], "view": item.body}
            for item in desk.views.open_views.values()
        ],
        "homes": {user: item.body for user, item in desk.views.homes.items()},
        "commands": sorted(desk.manifest.commands),
        "shortcuts": [{"callback_id": key, "type": kind} for key, kind in desk.manifest.shortcuts.items()],
        "sockets": len(desk.sockets.sockets),
        "limits": {"scale": desk.limits.scale},
        "clock": {"scale": desk.clock.scale},
        "last_change": desk.feed.last_id,
    }


def _describe_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "is_bot": user.is_bot,
    }


def _describe_channel(channel: Channel, limit: int | None) -> dict[str, Any]:
    messages = list(channel.messages.values())
    if limit is not None:
        messages = messages[-limit:] if limit > 0 else []
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "topic": channel.topic,
        "members": list(channel.members),
        "messages": [describe(message) for message in messages],
    }
