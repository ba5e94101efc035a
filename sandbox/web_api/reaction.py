"""reactions.*."""

from typing import Any

from sandbox.identity import BOT_USER_ID
from sandbox.message import public_body
from sandbox.reaction import ReactionError, add_reaction, remove_reaction
from sandbox.web_api.call import Call, SlackError

Answer = dict[str, Any]


def add(call: Call) -> Answer:
    """reactions.add: `invalid_name`, `already_reacted`."""
    channel = call.member_channel()
    message = call.message(channel, "timestamp")
    try:
        add_reaction(
            call.desk, channel, message, BOT_USER_ID, call.require("name", "invalid_name").strip(":")
        )
    except ReactionError as error:
        raise SlackError(str(error)) from None
    return {}


def remove(call: Call) -> Answer:
    """reactions.remove: `no_reaction`."""
    channel = call.member_channel()
    message = call.message(channel, "timestamp")
    try:
        remove_reaction(
            call.desk, channel, message, BOT_USER_ID, call.require("name", "invalid_name").strip(":")
        )
    except ReactionError as error:
        raise SlackError(str(error)) from None
    return {}


def get(call: Call) -> Answer:
    """reactions.get: the message with its reactions."""
    channel = call.member_channel()
    message = call.message(channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": public_body(message)}
