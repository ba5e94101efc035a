"""The buttons on a task's card."""

from domain.card import Content
from domain.command import task_number
from handlers.slack.door import Door
from handlers.slack.payloads import Click
from handlers.slack.stale import stale_button
from workflows import command


async def cancel(door: Door, click: Click) -> Content | None:
    """Cancel the task. The card itself shows that it worked; only a refusal is told, in private."""
    number = task_number(click.value)
    if number is None:
        return await stale_button(door, click)
    outcome = await command.cancel(door.services, click.ask, number)
    return None if outcome is None or outcome.done else outcome.content


async def undo(door: Door, click: Click) -> Content | None:
    """Take back what a cancelled task had done: a task of its own, with its own approval."""
    number = task_number(click.value)
    if number is None:
        return await stale_button(door, click)
    return await command.undo(door.services, click.ask, number)
