"""The buttons on a task's card."""

from domain.card import Content
from domain.command import Command, task_number
from handlers.slack.door import Door
from handlers.slack.payloads import Click
from workflows import command


async def cancel(door: Door, click: Click) -> Content | None:
    """Cancel the task; the card shows it, and the answer says so in private."""
    if task_number(click.value) is None:
        return None
    return await command.carry_out(door.services, click.ask, Command("cancel", click.value))
