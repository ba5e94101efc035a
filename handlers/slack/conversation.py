"""Mentions, direct messages, and answers in threads."""

from handlers.slack.door import Door
from handlers.slack.payloads import Body, read_deleted, read_message, read_reply
from workflows import conversation, delivery


async def hear(door: Door, body: Body, correlation_id: str) -> None:
    """Persist what is said to the bot, with its answer; and what answers a task's question in its thread. What is
    said to nobody in particular is none of its business.
    """
    deleted = read_deleted(body)
    if deleted is not None:
        await delivery.replace_deleted(door.services, *deleted)
        return
    ask = read_message(body, correlation_id, door.identity.user_id)
    if ask is not None:
        await conversation.receive(door.services, ask)
        return
    reply = read_reply(body, correlation_id)
    if reply is not None:
        await conversation.answer_question(door.services, reply, reply.text)
