"""Around every listener: correlation id, errors, and the answer. Each one validates, persists and returns, since
with Bolt's `process_before_response` the acknowledgement goes out when the listener returns.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from structlog.contextvars import bound_contextvars

from domain.ask import Ask
from domain.card import Content, Place
from domain.chat import ChatError
from domain.deadline import enforce
from handlers.slack.door import Door
from handlers.slack.errors import apologize
from handlers.slack.payloads import Body, Click, Malformed, Submission, read_click, read_submission
from workflows import delivery

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.5
"""Slack waits three seconds; after that the person would see its own error and not ours."""

Listener = Callable[[AsyncAck, Body], Awaitable[None]]


def _correlation_id() -> str:
    return secrets.token_hex(6)


def for_command(
    door: Door, answer: Callable[[Door, Body, str], Coroutine[Any, Any, Content | None]]
) -> Listener:
    """A slash command: its private answer goes with the ack."""

    async def listen(ack: AsyncAck, body: Body) -> None:
        correlation_id = _correlation_id()
        with bound_contextvars(correlation_id=correlation_id):
            try:
                content = await enforce(answer(door, body, correlation_id), ANSWER_SECONDS)
            except Exception as error:  # noqa: BLE001 - logged there, and told to whoever asked
                content = apologize(error, f"Command {body.get('command')}")
            await ack(**_private(content))

    return listen


def _private(content: Content | None) -> dict[str, Any]:
    if content is None:
        return {}
    return {"text": content.text, "blocks": content.blocks, "response_type": "ephemeral"}


def for_event(door: Door, hear: Callable[[Door, Body, str], Awaitable[None]]) -> Listener:
    """An event: acknowledged by Bolt once this returns. An error leaves it unacknowledged, so that Slack sends
    it again.
    """

    async def listen(ack: AsyncAck, body: Body) -> None:
        correlation_id = _correlation_id()
        with bound_contextvars(correlation_id=correlation_id):
            try:
                await hear(door, body, correlation_id)
            except Malformed as error:
                # Sending it again would not make it better.
                log.warning("An event was not understood: %s", error)

    return listen


def for_click(door: Door, press: Callable[[Door, Click], Coroutine[Any, Any, Content | None]]) -> Listener:
    """A button: acknowledged once what it did is durable; whoever pressed it is answered in private."""

    async def listen(ack: AsyncAck, body: Body) -> None:
        correlation_id = _correlation_id()
        with bound_contextvars(correlation_id=correlation_id):
            try:
                click = read_click(body, correlation_id)
            except Malformed as error:
                log.warning("A click was not understood: %s", error)
                await ack()
                return
            try:
                content = await enforce(press(door, click), ANSWER_SECONDS)
            except Exception as error:  # noqa: BLE001 - logged there, and told to whoever asked
                content = apologize(error, f"Button {click.action_id}")
            if content is not None:
                place, person = click.ask.place, click.ask.person
                door.services.spawn("whisper", _whisper(door, place, person, content))
            await ack()

    return listen


def for_submission(
    door: Door, submit: Callable[[Door, Submission], Coroutine[Any, Any, dict[str, str] | Content | None]]
) -> Listener:
    """A form: closed by the ack, or given back with an error below a field (block id to sentence). A content is said to
    whoever sent the form, in a direct message, since a form stands in no channel.
    """

    async def listen(ack: AsyncAck, body: Body) -> None:
        correlation_id = _correlation_id()
        with bound_contextvars(correlation_id=correlation_id):
            submission = read_submission(body, correlation_id)
            try:
                outcome = await enforce(submit(door, submission), ANSWER_SECONDS)
            except Exception as error:  # noqa: BLE001 - logged there, and told to whoever asked
                outcome = apologize(error, f"Form {submission.callback_id}")
            if isinstance(outcome, dict):
                await ack(response_action="errors", errors=outcome)
                return
            if outcome is not None:
                door.services.spawn("whisper", _tell(door, submission.ask, outcome))
            await ack()

    return listen


async def _tell(door: Door, ask: Ask, content: Content) -> None:
    """A private answer that must not be lost: a card in the person's direct messages."""
    await delivery.tell(door.services, f"answer:{ask.event_key}", ask.person, content)


async def _whisper(door: Door, place: Place, person: str, content: Content) -> None:
    try:
        await door.services.chat.whisper(place, person, content)
    except ChatError as error:
        log.warning("A private answer was not shown: %s", error.sentence)
