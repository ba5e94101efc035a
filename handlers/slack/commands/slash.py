"""Every slash command: read by the one grammar, answered in the ack."""

from domain.card import Content
from domain.command import Command, read_slash
from handlers.slack.door import Door
from handlers.slack.modals.execute import open_form
from handlers.slack.payloads import Body, read_command
from workflows import command


async def answer(door: Door, body: Body, correlation_id: str) -> Content | None:
    """Persist what is asked and return the private answer; None for a repetition."""
    name, ask = read_command(body, correlation_id)
    reading = read_slash(door.names.get(name, name), ask.text)
    if reading == Command("execute", "") and body.get("trigger_id"):
        await open_form(door, body["trigger_id"], ask.place.channel)
        return None
    return await command.carry_out(door.services, ask, reading)
