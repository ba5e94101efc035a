"""conversations.*: opening, joining, leaving, inviting, creating."""

from typing import Any

from sandbox.identity import BOT_USER_ID
from sandbox.room import RoomError, create_channel, join, leave
from sandbox.web_api.call import Call, SlackError
from sandbox.web_api.conversation import describe_channel
from sandbox.workspace import Channel

Answer = dict[str, Any]
_ROOM_ERRORS = {"invalid_name": "invalid_name_specials"}


def open_direct(call: Call) -> Answer:
    """conversations.open: a direct message with one person; groups of people are not emulated."""
    workspace = call.desk.workspace
    given = call.text("channel")
    users = [item for item in (call.text("users") or "").split(",") if item]
    if given is not None:
        users = [call.channel().other]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("not_emulated", detail="The sandbox has no direct messages with several people.")
    user = workspace.users.get(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    known = any(item.is_im and item.other == user.id for item in workspace.channels.values())
    channel = workspace.open_direct(user)
    flags = {"no_op": True, "already_open": True} if known else {}
    return {**flags, "channel": describe_channel(channel) if call.flag("return_im") else {"id": channel.id}}


def join_channel(call: Call) -> Answer:
    """conversations.join: public channels only."""
    channel = _ordinary(call)
    if channel.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if BOT_USER_ID in channel.members:
        metadata = {"warnings": ["already_in_channel"]}
        return {
            "channel": describe_channel(channel),
            "warning": "already_in_channel",
            "response_metadata": metadata,
        }
    join(call.desk, channel, BOT_USER_ID)
    return {"channel": describe_channel(channel)}


def leave_channel(call: Call) -> Answer:
    """conversations.leave."""
    channel = _ordinary(call)
    if BOT_USER_ID not in channel.members:
        return {"not_in_channel": True}
    leave(call.desk, channel, BOT_USER_ID)
    return {}


def invite(call: Call) -> Answer:
    """conversations.invite: up to a thousand people, comma-separated."""
    channel = _ordinary(call)
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    users = [item.strip() for item in call.require("users", "no_user").split(",") if item.strip()]
    for user in users:
        _check_guest(call, channel, user)
    for user in users:
        join(call.desk, channel, user, inviter=BOT_USER_ID)
    return {"channel": describe_channel(channel)}


def create(call: Call) -> Answer:
    """conversations.create: the app is its first member."""
    private = call.flag("is_private")
    call.require_scope("groups:write" if private else "channels:manage")
    name = call.require("name", "invalid_name_required")
    try:
        channel = create_channel(call.desk, name, [BOT_USER_ID], BOT_USER_ID, private)
    except RoomError as error:
        raise SlackError(_ROOM_ERRORS.get(str(error), str(error))) from None
    return {"channel": describe_channel(channel)}


def _check_guest(call: Call, channel: Channel, user: str) -> None:
    if user not in call.desk.workspace.users:
        raise SlackError("user_not_found")
    if user == BOT_USER_ID:
        raise SlackError("cant_invite_self")
    if user in channel.members:
        raise SlackError("already_in_channel")


def _ordinary(call: Call) -> Channel:
    channel = call.channel()
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel
