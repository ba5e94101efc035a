"""Modals from the person's side: filling in and submitting, closing."""

from typing import Any

from sandbox.desk import Desk
from sandbox.element import ChoiceError, find_places, initial_state, is_empty, is_stateful, read_state
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.interaction import closed_payload, send, submission_payload
from sandbox.validator import check_view
from sandbox.view import View, ViewError

REQUIRED = "Please complete this required field."
Values = dict[str, dict[str, Any]]


async def submit(gesture: Gesture) -> Answer:
    """Submit a modal: `{user, view_id, values}` -> `{ok, ack_ms, view_id?}`, or `{ok: false, errors}`."""
    desk, user = gesture.desk, gesture.user()
    view = gesture.view(user)
    if view.body["type"] != "modal":
        raise HandError("invalid_arguments", "A home tab cannot be submitted: click or select on it.")
    values = gesture.body.get("values") or {}
    if not isinstance(values, dict) or not all(isinstance(inner, dict) for inner in values.values()):
        raise HandError(
            "invalid_arguments", "'values' is {block_id: {action_id: value}}: send such an object."
        )
    state, errors = _fill(view, values)
    view.body = {**view.body, "state": {"values": state}}
    if errors:
        raise HandError("view_errors", "Required fields are empty: fill them in.", errors=errors)
    ack = await send(desk, "interactive", submission_payload(desk, user, view), accepts=True)
    return {"ack_ms": ack.ms, **_follow(desk, view, ack.payload or {})}


async def close(gesture: Gesture) -> Answer:
    """Close a modal: `{user, view_id, clear?}`; `clear` takes its whole stack away."""
    desk, user = gesture.desk, gesture.user()
    view = gesture.view(user)
    clear = bool(gesture.body.get("clear", False))
    for closed in desk.views.close(view, clear or bool(view.body["clear_on_close"])):
        desk.feed.publish("view.closed", user=user.id, view_id=closed.id)
        if closed.body["notify_on_close"]:
            await send(desk, "interactive", closed_payload(user, closed, clear))
    return {}


def _fill(view: View, values: Values) -> tuple[Values, dict[str, str]]:
    state: Values = {key: dict(inner) for key, inner in view.body["state"]["values"].items()}
    errors: dict[str, str] = {}
    unknown = set(values) - {block.get("block_id") for block in view.body["blocks"]}
    if unknown:
        raise HandError(
            "invalid_arguments", f"The view has no block {', '.join(sorted(unknown))}: see its block ids."
        )
    for place in find_places(view.body["blocks"]):
        if not is_stateful(place.element):
            continue
        kept = state.get(place.block_id, {}).get(place.action_id) or initial_state(place.element)
        given = values.get(place.block_id, {})
        if place.action_id in given:
            kept = _read(place.element, given[place.action_id])
        if place.is_input and not place.optional and is_empty(kept):
            errors[place.block_id] = REQUIRED
        if place.is_input or not is_empty(kept):
            state.setdefault(place.block_id, {})[place.action_id] = kept
    return state, errors


def _read(element: dict[str, Any], choice: Any) -> dict[str, Any]:
    try:
        return read_state(element, choice)
    except ChoiceError as error:
        raise HandError("no_such_option", str(error)) from None


def _follow(desk: Desk, view: View, answer: dict[str, Any]) -> Answer:
    action = answer.get("response_action")
    if action == "errors":
        raise _errors(view, answer.get("errors") or {})
    if action in ("update", "push"):
        return _show_next(desk, view, action, answer.get("view"))
    if action not in (None, "clear"):
        raise HandError(
            "invalid_response_action", f"The app answered {action!r}: use errors, update, push or clear."
        )
    for closed in desk.views.close(view, whole_stack=action == "clear"):
        desk.feed.publish("view.closed", user=view.user, view_id=closed.id)
    return {}


def _errors(view: View, errors: dict[str, str]) -> HandError:
    inputs = {block.get("block_id") for block in view.body["blocks"] if block.get("type") == "input"}
    stray = sorted(set(errors) - inputs)
    if stray or not errors:
        detail = (
            f"The app named errors for blocks that are no inputs of this view ({', '.join(stray) or 'none'})."
        )
        return HandError("invalid_response_action", detail)
    return HandError(
        "view_errors", "The app refused the values: read errors and correct them.", errors=errors
    )


def _show_next(desk: Desk, view: View, action: str, wanted: Any) -> Answer:
    problems = check_view(wanted)
    if problems:
        detail = f"The app answered with a view that Slack refuses: {problems[0]}."
        raise HandError("invalid_response_action", detail)
    try:
        if action == "push":
            shown = desk.views.push(view, wanted)
        else:
            desk.views.update(view, wanted)
            shown = view
    except ViewError as error:
        raise HandError(str(error), "A modal stacks at most three views: update one instead.") from None
    desk.feed.publish("view.opened" if action == "push" else "view.updated", user=view.user, view=shown.body)
    return {"view_id": shown.id}
