"""Typed actions inside Quarterdeck: what a catalogue entry of kind `port` may name."""

from collections.abc import Awaitable, Callable
from typing import Any

from blocks.notice import notice
from domain.card import CardDraft, Place
from domain.execution import StepRecord
from storage import card as cards
from storage import task as tasks
from workflows.services import Services

Perform = Callable[[Services, StepRecord, dict[str, Any], str], Awaitable[str]]


async def _post(services: Services, step: StepRecord, arguments: dict[str, Any], key: str) -> str:
    """Say something in the channel that is named, or in the task's own. Once, by the card's key."""
    async with services.database.unit_of_work() as session:
        task = await tasks.find(session, step.task)
        assert task is not None  # noqa: S101 - steps belong to tasks
        place = Place(str(arguments.get("channel") or task.channel))
        draft = CardDraft(f"step:{key}", place, notice(str(arguments["text"])), asker=task.requester)
        await cards.show(session, draft)
    services.nudges.deliver()
    return "The message is on its way."


PORTS: dict[str, Perform] = {"chat.post": _post}


async def perform(
    services: Services, port: str, step: StepRecord, arguments: dict[str, Any], key: str
) -> dict[str, Any]:
    """Do what a port names; the receipt."""
    sentence = await PORTS[port](services, step, arguments, key)
    return {"outcome": "done", "status": None, "sentence": sentence, "result": {}, "attempts": 1}
