"""Channels coming into being, and people and the bot joining and leaving them."""

import re

from sandbox.desk import Desk
from sandbox.event import announce
from sandbox.identity import TEAM_ID
from sandbox.workspace import Channel

MAX_CHANNELS = 1000
_NAME = re.compile(r"[a-z0-9_\-]{1,80}")


class RoomError(Exception):
    """The channel cannot be made; the text is Slack's error code."""


def create_channel(desk: Desk, name: str, members: list[str], creator: str, private: bool = False) -> Channel:
    """Make a channel. Raises RoomError `invalid_name`, `name_taken`, `restricted_action` (above 1,000)."""
    workspace = desk.workspace
    if not _NAME.fullmatch(name):
        raise RoomError("invalid_name")
    if workspace.find_channel(name) is not None:
        raise RoomError("name_taken")
    if len(workspace.channels) >= MAX_CHANNELS:
        raise RoomError("restricted_action")
    channel_id = "C0" + re.sub("[^A-Z0-9]", "", name.upper())
    if channel_id in workspace.channels or channel_id == "C0":
        channel_id = desk.ids.make("C")
    now = int(float(desk.ids.timestamp()))
    channel = Channel(channel_id, name, [], is_private=private, creator=creator, created=now)
    workspace.channels[channel_id] = channel
    desk.feed.publish("channel.created", channel=channel_id, name=name)
    for member in members:
        join(desk, channel, member, inviter=creator if member != creator else None)
    return channel


def join(desk: Desk, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Make `user` a member and tell `member_joined_channel`."""
    channel.members.append(user)
    desk.feed.publish("channel.changed", channel=channel.id, members=list(channel.members))
    event = _membership(desk, channel, user, "member_joined_channel")
    if inviter is not None:
        event["inviter"] = inviter
    announce(desk, event, channel)


def leave(desk: Desk, channel: Channel, user: str) -> None:
    """Let `user` go and tell `member_left_channel` to a bot that stays."""
    channel.members.remove(user)
    desk.feed.publish("channel.changed", channel=channel.id, members=list(channel.members))
    announce(desk, _membership(desk, channel, user, "member_left_channel"), channel)


def _membership(desk: Desk, channel: Channel, user: str, type_: str) -> dict[str, str]:
    return {
        "type": type_,
        "user": user,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": TEAM_ID,
        "event_ts": desk.ids.timestamp(),
    }
