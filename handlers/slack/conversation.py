"""Mentions and direct messages."""

from handlers.slack.door import Door
from handlers.slack.payloads import Body, read_message
from workflows import conversation


async def hear(door: Door, body: Body, correlation_id: str) -> None:
    """Persist what is said to the bot, with its answer. What is not said to it is none of its business."""
    ask = read_message(body, correlation_id, door.identity.user_id)
    if ask is not None:
        await conversation.receive(door.services, ask)
