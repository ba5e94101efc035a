"""Saying something, and slash commands."""

import asyncio
from typing import Any

from sandbox.answer import AnswerError, apply_answer
from sandbox.composer import escape_command
from sandbox.desk import Desk
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.interaction import command_payload, send
from sandbox.message import post_as_person
from sandbox.response_url import ResponseUrl
from sandbox.socket_mode import Ack

ANSWER_SECONDS = 3.0


async def say(gesture: Gesture) -> Answer:
    """Post a message as a person: `{user, channel, text, thread_ts?}` -> `{ok, ts}`."""
    user = gesture.user()
    channel = gesture.joined(user)
    thread_ts = gesture.text("thread_ts") or None
    if thread_ts and thread_ts not in channel.messages:
        raise HandError("thread_not_found", f"There is no message {thread_ts} in {channel.id} to reply to.")
    message = post_as_person(gesture.desk, channel, user, gesture.require("text"), thread_ts)
    return {"ts": message.ts, "channel": channel.id}


async def command(gesture: Gesture) -> Answer:
    """Send a slash command: `{user, channel, command, text, wait_s?}` -> `{ok, ack_ms, response?}`.

    After an ack without a message, a post to the response URL is waited for `wait_s` seconds (3).
    """
    desk, user = gesture.desk, gesture.user()
    name = gesture.require("command")
    name = name if name.startswith("/") else f"/{name}"
    if name not in desk.manifest.commands:
        known = ", ".join(sorted(desk.manifest.commands))
        raise HandError("unknown_command", f"{name} is not a command of the manifest: use one of {known}.")
    channel = gesture.channel()
    if user.id not in channel.members:
        raise HandError(
            "not_in_channel", f"{user.id} is not a member of {channel.id}: act as one of its members."
        )
    text = gesture.text("text")
    if name in desk.manifest.escaped_commands:
        text = escape_command(desk.workspace, text)
    payload, url = command_payload(desk, user, channel, name, text.strip())
    ack = await send(desk, "slash_commands", payload, accepts=True)
    response = await _await_answer(desk, url, ack, gesture.number("wait_s", ANSWER_SECONDS))
    return {"ack_ms": ack.ms} if response is None else {"ack_ms": ack.ms, "response": response}


async def _await_answer(desk: Desk, url: ResponseUrl, ack: Ack, wait_s: float) -> dict[str, Any] | None:
    if ack.payload is not None:
        try:
            return apply_answer(desk, url, ack.payload)
        except AnswerError as error:
            detail = f"The app acknowledged with a message that Slack refuses ({error}): see /_sandbox/log."
            raise HandError("invalid_command_response", detail, ack_ms=ack.ms) from None
    if wait_s <= 0:
        return None
    try:
        return await asyncio.wait_for(url.answers.get(), wait_s / desk.clock.scale)
    except TimeoutError:
        return None
