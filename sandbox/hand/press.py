"""Pressing buttons and choosing from menus, in messages, modals and on home tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.element import ChoiceError, Place, find_places, is_stateful, read_state
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.interaction import message_action_payload, send, suggestion_payload, view_action_payload
from sandbox.view import View
from sandbox.workspace import Channel, Message, User

BUTTONS = ("button", "icon_button", "workflow_button", "feedback_buttons")


@dataclass(frozen=True, slots=True)
class Surface:
    """What is pressed on: a message in a channel, or a view."""

    user: User
    blocks: list[dict[str, Any]]
    channel: Channel | None = None
    message: Message | None = None
    view: View | None = None


async def click(gesture: Gesture) -> Answer:
    """Press a button: `{user, channel, ts | view_id, action_id, block_id?, value?}` -> `{ok, ack_ms}`."""
    surface = _find_surface(gesture)
    value = gesture.body.get("value")
    place = _find_place(gesture, surface, lambda item: _is_pressable(item, value), "no_such_button")
    kept = ("type", "action_id", "value", "text", "style", "url")
    action = {key: place.element[key] for key in kept if key in place.element}
    if place.type == "feedback_buttons":
        action["value"] = value
    return await _act(gesture, surface, {**action, "block_id": place.block_id})


async def select(gesture: Gesture) -> Answer:
    """Choose: `{user, channel, ts | view_id, action_id, block_id?, value}` -> `{ok, ack_ms}`."""
    surface = _find_surface(gesture)
    place = _find_place(gesture, surface, lambda item: item.type not in BUTTONS, "no_such_menu")
    state = _read_choice(place, gesture.body.get("value"))
    if is_stateful(place.element):
        _keep(surface, place, state)
    action = {"type": place.type, "action_id": place.action_id, "block_id": place.block_id, **state}
    return await _act(gesture, surface, action)


async def suggest(gesture: Gesture) -> Answer:
    """Type into an external menu: `{user, channel, ts | view_id, action_id, block_id?, value}` -> options."""
    surface = _find_surface(gesture)
    wanted = ("external_select", "multi_external_select")
    place = _find_place(gesture, surface, lambda item: item.type in wanted, "no_such_menu")
    payload = suggestion_payload(
        surface.user, place, gesture.text("value"), surface.channel, surface.message, surface.view
    )
    ack = await send(gesture.desk, "interactive", payload, accepts=True)
    answer = ack.payload or {}
    groups = answer.get("option_groups")
    return {
        "ack_ms": ack.ms,
        "options": answer.get("options") or [],
        **({"option_groups": groups} if groups else {}),
    }


def _find_surface(gesture: Gesture) -> Surface:
    user = gesture.user()
    if gesture.body.get("view_id"):
        view = gesture.view(user)
        return Surface(user, view.body["blocks"], view=view)
    channel = gesture.joined(user)
    message = gesture.message(channel, user)
    blocks = list(message.body.get("blocks", []))
    for attachment in message.body.get("attachments", []):
        blocks.extend(attachment.get("blocks") or [])
    return Surface(user, blocks, channel, message)


def _is_pressable(place: Place, value: Any) -> bool:
    if place.type not in BUTTONS:
        return False
    offered = [place.element.get("value")]
    offered += [
        (place.element.get(name) or {}).get("value") for name in ("positive_button", "negative_button")
    ]
    return value in offered if place.type == "feedback_buttons" else value in (None, offered[0])


def _find_place(gesture: Gesture, surface: Surface, fits: Callable[[Place], bool], error: str) -> Place:
    action_id, block_id = gesture.require("action_id"), gesture.text("block_id")
    there = list(find_places(surface.blocks))
    for place in there:
        if place.action_id == action_id and block_id in ("", place.block_id) and fits(place):
            return place
    names = ", ".join(place.action_id for place in there) or "none"
    detail = f"There is no such element here; the action ids that are there: {names}."
    raise HandError(error, detail)


def _read_choice(place: Place, choice: Any) -> dict[str, Any]:
    try:
        return read_state(place.element, choice)
    except ChoiceError as error:
        raise HandError("no_such_option", str(error)) from None


def _keep(surface: Surface, place: Place, state: dict[str, Any]) -> None:
    values = surface.view.body["state"]["values"] if surface.view else {}
    if surface.message is not None:
        values = surface.message.state
    kept = {**values, place.block_id: {**values.get(place.block_id, {}), place.action_id: state}}
    if surface.message is not None:
        surface.message.state = kept
    elif surface.view is not None:
        surface.view.body = {**surface.view.body, "state": {"values": kept}}


async def _act(gesture: Gesture, surface: Surface, action: dict[str, Any]) -> Answer:
    if surface.view is not None:
        payload = view_action_payload(gesture.desk, surface.user, surface.view, action)
    elif surface.channel is not None and surface.message is not None:
        payload = message_action_payload(gesture.desk, surface.user, surface.channel, surface.message, action)
    else:
        raise HandError("invalid_arguments", "Nothing was pressed on: give channel and ts, or view_id.")
    ack = await send(gesture.desk, "interactive", payload)
    return {"ack_ms": ack.ms}
