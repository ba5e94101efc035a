"""Channels from the person's side: making them, inviting, removing, archiving."""

from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.room import RoomError, create_channel, join, leave
from sandbox.workspace import User

_FIXES = {
    "invalid_name": "A channel name has lower-case letters, digits, '-' and '_' only, at most 80.",
    "name_taken": "A channel of this name exists: choose another name, or use it.",
    "restricted_action": "There are as many channels as the sandbox keeps: start it anew.",
}


async def channel(gesture: Gesture) -> Answer:
    """Make a channel: `{name, members, private?, user?}` -> `{ok, id}`."""
    members = gesture.body.get("members") or []
    users = gesture.desk.workspace.users
    unknown = [item for item in members if str(item) not in users] if isinstance(members, list) else ["?"]
    if unknown:
        raise HandError("user_not_found", f"'members' must be a list of user ids: {', '.join(users)}.")
    creator = gesture.text("user") or next((item for item in members if not users[item].is_bot), "U0MANAGER")
    name = gesture.require("name").removeprefix("#")
    try:
        made = create_channel(gesture.desk, name, members, creator, bool(gesture.body.get("private", False)))
    except RoomError as error:
        raise HandError(str(error), _FIXES[str(error)]) from None
    return {"id": made.id}


async def invite(gesture: Gesture) -> Answer:
    """Invite somebody, the bot for example: `{user, channel, who}`."""
    user, who = gesture.user(), _find_other(gesture)
    room = gesture.joined(user)
    if who.id in room.members:
        raise HandError("already_in_channel", f"{who.id} is a member of {room.id} already.")
    join(gesture.desk, room, who.id, inviter=user.id)
    return {"id": room.id}


async def kick(gesture: Gesture) -> Answer:
    """Remove somebody from a channel: `{user, channel, who}`."""
    user, who = gesture.user(), _find_other(gesture)
    room = gesture.joined(user)
    if who.id not in room.members:
        raise HandError("not_in_channel", f"{who.id} is not a member of {room.id}.")
    leave(gesture.desk, room, who.id)
    return {"id": room.id}


async def archive(gesture: Gesture) -> Answer:
    """Archive a channel: `{user, channel}`."""
    room = gesture.joined(gesture.user())
    room.is_archived = True
    gesture.desk.feed.publish("channel.changed", channel=room.id, is_archived=True)
    return {"id": room.id}


def _find_other(gesture: Gesture) -> User:
    user = gesture.desk.workspace.users.get(gesture.require("who"))
    if user is None:
        raise HandError(
            "user_not_found", f"There is no such user: use one of {', '.join(gesture.desk.workspace.users)}."
        )
    return user
