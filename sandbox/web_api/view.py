"""views.*: modals and home tabs. blocks.validate."""

import json
from typing import Any

from sandbox.trigger import Trigger, TriggerError
from sandbox.validator import VIEW_BYTES, Problem, check_message_blocks, check_view
from sandbox.view import View, ViewError
from sandbox.web_api.call import Call, SlackError

Answer = dict[str, Any]


def open_view(call: Call) -> Answer:
    """views.open: in exchange for a trigger id."""
    wanted = _read_view(call, "modal")
    trigger = _exchange(call)
    view = call.desk.views.open(trigger.user, wanted)
    return _shown(call, view, "view.opened")


def push_view(call: Call) -> Answer:
    """views.push: onto the modal that the trigger id comes from."""
    wanted = _read_view(call, "modal")
    trigger = _exchange(call)
    below = call.desk.views.find(trigger.view_id)
    if below is None or below.body["type"] != "modal":
        raise SlackError("invalid_trigger_id")
    try:
        view = call.desk.views.push(below, wanted)
    except ViewError as error:
        raise SlackError(str(error)) from None
    return _shown(call, view, "view.opened")


def update_view(call: Call) -> Answer:
    """views.update: by `view_id` or `external_id`; `not_found`, `hash_conflict`."""
    wanted = _read_view(call, "modal", "home")
    view = call.desk.views.find(call.text("view_id"), call.text("external_id"))
    if view is None:
        raise SlackError("not_found")
    try:
        call.desk.views.update(view, wanted, call.text("hash"))
    except ViewError as error:
        raise SlackError(str(error)) from None
    return _shown(call, view, "view.updated")


def publish_view(call: Call) -> Answer:
    """views.publish: the home tab of one person; `not_enabled` unless the manifest has one."""
    if not call.desk.manifest.home_tab:
        raise SlackError("not_enabled")
    wanted = _read_view(call, "home")
    user = call.user("user_id")
    try:
        view = call.desk.views.publish(user.id, wanted, call.text("hash"))
    except ViewError as error:
        raise SlackError(str(error)) from None
    return _shown(call, view, "home.published")


def validate_blocks(call: Call) -> Answer:
    """blocks.validate: exactly one of `blocks`, `message`, `view`; errors with JSON pointers."""
    given = [name for name in ("blocks", "message", "view") if call.arguments.get(name) is not None]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    value = call.structure(given[0], "invalid_arguments")
    if given[0] == "view":
        problems, error = check_view(value), "invalid_view"
    elif given[0] == "message":
        problems = check_message_blocks(value.get("blocks") if isinstance(value, dict) else None)
        error = "invalid_message"
    else:
        problems, error = check_message_blocks(value), "invalid_blocks"
    if problems:
        raise SlackError(error, errors=[_describe(item) for item in problems])
    return {}


def _describe(problem: Problem) -> Answer:
    return {"pointer": problem.pointer, "code": "failed_constraint", "message": problem.message}


def _read_view(call: Call, *types: str) -> dict[str, Any]:
    view = call.structure("view", "invalid_arguments")
    problems = check_view(view)
    if not problems and view["type"] not in types:
        problems = [Problem("/view/type", f"must be one of: {', '.join(types)}")]
    if problems:
        messages = [str(item) for item in problems]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    external_id = view.get("external_id")
    other = call.desk.views.find(None, external_id) if external_id else None
    if other is not None and call.method in ("views.open", "views.push"):
        raise SlackError("duplicate_external_id")
    return dict(view)


def _exchange(call: Call) -> Trigger:
    trigger_id = call.text("trigger_id") or call.text("interactivity_pointer")
    try:
        return call.desk.triggers.exchange(trigger_id or "")
    except TriggerError as error:
        raise SlackError(str(error)) from None


def _shown(call: Call, view: View, change: str) -> Answer:
    call.desk.feed.publish(change, user=view.user, view=view.body)
    return {"view": view.body}
