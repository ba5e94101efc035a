"""The form of an empty `/execute`."""

from blocks.execute_form import ACTION, NOTE, PREFIX, execute_form, read_form, request_of
from domain.argument import WrongValue
from domain.card import Content, Place
from handlers.slack.door import Door
from handlers.slack.payloads import Click, Submission
from workflows import execution, planning


async def open_form(door: Door, trigger_id: str, channel: str) -> None:
    """Show the form to whoever typed the command."""
    await door.services.chat.open_view(trigger_id, execute_form(door.services.catalogue, channel))


async def choose(door: Door, click: Click) -> Content | None:
    """An action was picked in the form: show the fields it takes."""
    if click.view_id is not None:
        channel, _ = read_form(click.metadata)
        view = execute_form(door.services.catalogue, channel, click.value)
        await door.services.chat.update_view(click.view_id, view)
    return None


async def submit(door: Door, form: Submission) -> dict[str, str] | Content | None:
    """Start the task, or say below a field what is wrong with it."""
    channel, action = read_form(form.metadata)
    values = {
        name.removeprefix(PREFIX): value.strip()
        for name, value in form.values.items()
        if name.startswith(PREFIX) and value.strip()
    }
    if action not in door.services.catalogue.actions:
        return {ACTION: "Please pick an action."}
    request = request_of(action, values, form.values.get(NOTE, "").strip())
    try:
        answers = planning.read_form(door.services.catalogue, action, values)
    except WrongValue as error:
        field = PREFIX + error.parameter
        return {field if field in form.values else NOTE: error.sentence}
    await execution.submit(door.services, form.ask_in(Place(channel), request), answers)
    return None
