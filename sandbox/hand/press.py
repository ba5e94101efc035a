"""Pressing buttons in messages and views."""

from collections.abc import Iterator
from typing import Any

from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.interaction import message_action_payload, send, view_action_payload

Element = dict[str, Any]


def find_elements(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, Element]]:
    """Yield every interactive element with the id of its block."""
    for block in blocks:
        inner = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        for element in inner:
            if isinstance(element, dict) and element.get("action_id"):
                yield block.get("block_id", ""), element
        nested = block.get("blocks") or block.get("child_blocks") or []
        yield from find_elements([item for item in nested if isinstance(item, dict)])


async def click(gesture: Gesture) -> Answer:
    """Press a button: `{user, channel, ts | view_id, action_id, block_id?, value?}` -> `{ok, ack_ms}`."""
    user = gesture.user()
    if gesture.body.get("view_id"):
        view = gesture.view(user)
        block_id, element = _find_button(gesture, view.body["blocks"])
        payload = view_action_payload(gesture.desk, user, view, _pressed(block_id, element))
    else:
        channel = gesture.channel()
        if user.id not in channel.members:
            raise HandError(
                "not_in_channel", f"{user.id} is not a member of {channel.id}: act as a member of it."
            )
        message = gesture.message(channel, user)
        block_id, element = _find_button(gesture, message.body.get("blocks", []))
        payload, _url = message_action_payload(
            gesture.desk, user, channel, message, _pressed(block_id, element)
        )
    ack = await send(gesture.desk, "interactive", payload)
    return {"ack_ms": ack.ms}


def _find_button(gesture: Gesture, blocks: list[dict[str, Any]]) -> tuple[str, Element]:
    action_id, block_id, value = (
        gesture.require("action_id"),
        gesture.text("block_id"),
        gesture.body.get("value"),
    )
    there = list(find_elements(blocks))
    for found_id, element in there:
        wanted_value = value is None or element.get("value") == value
        if element["action_id"] == action_id and block_id in ("", found_id) and wanted_value:
            return found_id, element
    names = ", ".join(element["action_id"] for _, element in there) or "none"
    detail = f"There is no such button here: the action ids that are there: {names}."
    raise HandError("no_such_button", detail)


def _pressed(block_id: str, element: Element) -> dict[str, Any]:
    kept = {
        key: element[key] for key in ("type", "action_id", "value", "text", "style", "url") if key in element
    }
    return kept | {"block_id": block_id}
