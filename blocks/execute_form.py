"""The form of an empty `/execute`: pick an action, fill in what it takes, leave a note."""

from typing import Any

from blocks import kit, mrkdwn
from blocks.element import Block, Element
from blocks.ids import Action as ActionId
from domain.action import Action, Catalogue, Parameter, ParameterType

ACTION = "action"
NOTE = "note"
PREFIX = "parameter:"


def execute_form(catalogue: Catalogue, channel: str, chosen: str | None = None) -> dict[str, Any]:
    """The form; with `chosen`, the name of an action, also a field for each of its parameters."""
    action = catalogue.actions.get(chosen or "")
    blocks: list[Block] = [
        kit.section("What should be done? Risky things ask for approval before anything happens."),
        kit.section(mrkdwn.bold("Action"), accessory=_menu(catalogue, action), block_id=ACTION),
    ]
    if action is not None:
        blocks.append(kit.context(action.description))
        blocks += [_field(parameter, catalogue) for parameter in action.parameters]
        note = kit.plain_text_input(NOTE, multiline=True, max_length=500)
        blocks.append(kit.input_block("Note", note, block_id=NOTE, optional=True))
    return kit.modal(
        "Execute",
        blocks,
        callback_id=ActionId.TASK_RUN,
        submit="Execute" if action else None,
        private_metadata=f"{channel}|{action.name if action else ''}",
    )


def read_form(metadata: str) -> tuple[str, str]:
    """Channel and action of a form that was sent."""
    channel, _, action = metadata.partition("|")
    return channel, action


def _menu(catalogue: Catalogue, chosen: Action | None) -> Element:
    options = [kit.option(name.replace("_", " "), name) for name in sorted(catalogue.actions)]
    return kit.static_select(
        ActionId.FORM_ACTION, "Pick an action", options, initial=chosen.name if chosen else None
    )


def _field(parameter: Parameter, catalogue: Catalogue) -> Block:
    label = parameter.name.replace("_", " ").capitalize()
    element = _element(parameter, catalogue)
    optional = not parameter.required or parameter.default is not None
    return kit.input_block(
        label, element, block_id=PREFIX + parameter.name, hint=parameter.description, optional=optional
    )


def _element(parameter: Parameter, catalogue: Catalogue) -> Element:
    values = {ParameterType.ENUM: parameter.values, ParameterType.SERVICE: catalogue.services}.get(
        parameter.type, ()
    )
    if values:
        options = [kit.option(value, value) for value in values]
        initial = str(parameter.default) if parameter.default in values else None
        return kit.static_select(parameter.name, "Pick one", options, initial=initial)
    preset = None if parameter.default is None else str(parameter.default)
    return kit.plain_text_input(parameter.name, initial=preset, max_length=300)


def request_of(action: str, values: dict[str, str], note: str) -> str:
    """The request in words, as it stands on the card: `roll back: service checkout, version v41 (why: …)`."""
    words = ", ".join(f"{name} {value}" for name, value in values.items())
    text = f"{action.replace('_', ' ')}: {words}" if words else action.replace("_", " ")
    return f"{text} ({note})" if note else text
