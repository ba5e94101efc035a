"""What is said to the bot: a command behind a mention, or talk that the rules answer. Talk never acts."""

import re
from datetime import UTC, datetime, timedelta

from blocks import conversation as blocks
from domain.ask import Ask
from domain.card import Content
from domain.command import Chat, Command, read_chat
from storage import inbox
from storage import task as tasks
from workflows import command, planning
from workflows.services import Services

STALE = timedelta(minutes=10)
"""Older commands are not acted upon: whoever wrote one has moved on."""

_ACTING = frozenset({"execute", "cancel"})
_GREETING = re.compile(r"(hi|hello|hey|good (morning|day|evening)|are you there)\b.{0,20}", re.IGNORECASE)
_WORK = re.compile(
    r"(please\s+|can you\s+|could you\s+)?"
    r"(deploy|roll\s?back|restart|scale|implement|create|delete|merge|release|fix|run|assign|post|revert|add|update)"
    r"\b.+",
    re.IGNORECASE | re.DOTALL,
)


async def receive(services: Services, ask: Ask) -> bool:
    """Answer something said to the bot with a card in its place. False where it had come before."""
    reading = read_chat(ask.text)
    if (
        isinstance(reading, Chat)
        and reading.text
        and (kept := await answer_question(services, ask, reading.text)) is not None
    ):
        return kept
    if isinstance(reading, Chat):
        return await command.answer(services, ask, "conversation.said", _reply_to(reading.text)) is not None
    if isinstance(reading, Command) and reading.name in _ACTING and _is_stale(ask):
        content = blocks.missed_command(f"/{reading.name} {reading.argument}")
        return await command.answer(services, ask, "command.missed", content) is not None
    return await command.carry_out(services, ask, reading) is not None


def _is_stale(ask: Ask) -> bool:
    return datetime.now(UTC) - ask.said_at > STALE


def _reply_to(text: str) -> Content:
    if not text or _GREETING.fullmatch(text):
        return blocks.greeting()
    if _WORK.fullmatch(text):
        return blocks.task_hint(text)
    return blocks.no_answer()


async def answer_question(services: Services, ask: Ask, words: str) -> bool | None:
    """Take words in a thread as the answer to the question that a task asks there. None where none asks this person;
    otherwise whether they were new.
    """
    thread = ask.place.thread_ts
    if thread is None:
        return None
    async with services.database.unit_of_work() as session:
        number = await tasks.find_waiting_in_thread(session, ask.place.channel, thread)
        task = await tasks.find(session, number) if number is not None else None
        if task is None or task.requester != ask.person:
            return None
        if not await inbox.claim(session, ask.event_key):
            return False
        await planning.answer(session, ask, task.number, words)
    services.nudges.deliver()
    return True
