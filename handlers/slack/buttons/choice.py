"""The answers offered under a question."""

from blocks.notice import notice
from domain.card import Content
from handlers.slack.door import Door
from handlers.slack.payloads import Click
from workflows import planning


async def pick(door: Door, click: Click) -> Content | None:
    """Answer the question of a task with what was offered."""
    if not click.value.isdigit():
        return notice("This button offers nothing that I know.")
    sentence = await planning.pick(door.services, click.ask, int(click.value))
    return notice(sentence) if sentence else None
