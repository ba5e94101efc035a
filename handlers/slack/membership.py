"""Who comes into a channel."""

from handlers.slack.door import Door
from handlers.slack.payloads import Body, read_joined
from workflows import delivery


async def welcome(door: Door, body: Body, correlation_id: str) -> None:
    """When it is the bot that was invited, what could not be shown there is tried again at once."""
    joined = read_joined(body)
    if joined.user == door.identity.user_id:
        await delivery.reopen(door.services, joined.channel)
