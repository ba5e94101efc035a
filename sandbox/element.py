"""Interactive elements: where they stand, and what a person's choice looks like in a payload."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Element = dict[str, Any]
State = dict[str, Any]

_SINGLE = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "rich_text_input": "rich_text_value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
_LISTS = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "file_input": "files",
}
_ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
_EXTERNAL = ("external_select", "multi_external_select")
_INITIAL = {
    "value": "initial_value",
    "rich_text_value": "initial_value",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_user": "initial_user",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
    "selected_users": "initial_users",
    "selected_conversations": "initial_conversations",
    "selected_channels": "initial_channels",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
}


class ChoiceError(Exception):
    """The choice is not one that this element offers; the text is a sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element and the block that holds it; `optional` matters for inputs only."""

    block_id: str
    element: Element
    is_input: bool = False
    optional: bool = True

    @property
    def action_id(self) -> str:
        """The action id."""
        return str(self.element["action_id"])

    @property
    def type(self) -> str:
        """The type of the element."""
        return str(self.element.get("type"))


def find_places(blocks: list[dict[str, Any]]) -> Iterator[Place]:
    """Yield every interactive element, those in nested blocks included."""
    for block in blocks:
        block_id = block.get("block_id", "")
        inner = block.get("elements")
        for element in [*(inner if isinstance(inner, list) else []), *(block.get("actions") or [])]:
            if isinstance(element, dict) and element.get("action_id"):
                yield Place(block_id, element)
        if isinstance(block.get("accessory"), dict) and block["accessory"].get("action_id"):
            yield Place(block_id, block["accessory"])
        if isinstance(block.get("element"), dict):
            optional = bool(block.get("optional", False))
            yield Place(block_id, {"action_id": "", **block["element"]}, is_input=True, optional=optional)
        nested = block.get("child_blocks") or block.get("blocks") or block.get("elements") or []
        yield from find_places([item for item in nested if isinstance(item, dict) and "block_id" in item])


def read_state(element: Element, choice: Any) -> State:
    """Turn a choice (a value, a list of values, or the state itself) into the state of an element.

    Raises ChoiceError where the element does not offer it.
    """
    kind = str(element.get("type"))
    if isinstance(choice, dict) and choice.get("type") == kind:
        return choice
    if kind in _SINGLE:
        return {"type": kind, _SINGLE[kind]: choice}
    if kind in _LISTS:
        return {"type": kind, _LISTS[kind]: choice if isinstance(choice, list) else [choice]}
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": _find_option(element, choice)}
    if kind in _MANY_OPTIONS:
        choices = choice if isinstance(choice, list) else [choice]
        return {"type": kind, "selected_options": [_find_option(element, item) for item in choices]}
    raise ChoiceError(f"A {kind} takes no value: press it with /_sandbox/click.")


def initial_state(element: Element) -> State:
    """Return the state of an element that nobody has touched."""
    kind = str(element.get("type"))
    name = _SINGLE.get(kind) or _LISTS.get(kind)
    if name is None:
        name = "selected_options" if kind in _MANY_OPTIONS else "selected_option"
    empty: Any = [] if name in ("selected_options", *_LISTS.values()) else None
    return {"type": kind, name: element.get(_INITIAL.get(name, ""), empty)}


def is_stateful(element: Element) -> bool:
    """Whether the element keeps a choice (a button and an overflow menu do not)."""
    kind = element.get("type")
    return kind != "overflow" and kind in (*_SINGLE, *_LISTS, *_ONE_OPTION, *_MANY_OPTIONS)


def is_empty(state: State) -> bool:
    """Whether nothing is chosen or written."""
    return all(value in (None, "", []) for key, value in state.items() if key != "type")


def _find_option(element: Element, choice: Any) -> dict[str, Any]:
    value = choice.get("value") if isinstance(choice, dict) else choice
    if element.get("type") in _EXTERNAL:
        text = {"type": "plain_text", "text": str(value), "emoji": True}
        return choice if isinstance(choice, dict) else {"text": text, "value": str(value)}
    there = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        there.extend(group.get("options") or [])
    for option in there:
        if option.get("value") == value:
            return dict(option)
    known = ", ".join(str(option.get("value")) for option in there) or "none"
    raise ChoiceError(f"There is no option {value!r}: choose one of {known}.")
