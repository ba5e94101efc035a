"""Every listener, one line each. A test holds this table against the app manifest."""

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.async_app import AsyncApp

from blocks.ids import Action
from domain.card import Content
from handlers.slack import conversation, listener, membership, stale
from handlers.slack.buttons import approval, choice, task
from handlers.slack.commands import slash
from handlers.slack.door import Door
from handlers.slack.modals import approval as approval_form
from handlers.slack.modals import execute as execute_form
from handlers.slack.payloads import Body, Click, Submission

Hear = Callable[[Door, Body, str], Awaitable[None]]
Press = Callable[[Door, Click], Coroutine[Any, Any, Content | None]]
Submit = Callable[[Door, Submission], Coroutine[Any, Any, dict[str, str] | Content | None]]

COMMANDS = ("execute", "cancel", "qd", "status", "help")

EVENTS: dict[str, Hear] = {
    "app_mention": conversation.hear,
    "message": conversation.hear,
    "member_joined_channel": membership.welcome,
}

BUTTONS: dict[str, Press] = {
    Action.TASK_CANCEL: task.cancel,
    Action.TASK_UNDO: task.undo,
    Action.APPROVAL_APPROVE: approval.approve,
    Action.APPROVAL_REJECT: approval.reject,
    Action.CHOICE_PICK: choice.pick,
    Action.FORM_ACTION: execute_form.choose,
}

FORMS: dict[str, Submit] = {
    Action.APPROVAL_APPROVE: approval_form.submit,
    Action.APPROVAL_REJECT: approval_form.submit,
    Action.TASK_RUN: execute_form.submit,
}


def register(app: AsyncApp, door: Door) -> None:
    """Give Bolt every listener of the tables above."""
    for name in {*COMMANDS, *door.names}:
        app.command(f"/{name}")(listener.for_command(door, slash.answer))
    for event, hear in EVENTS.items():
        app.event(event)(listener.for_event(door, hear))
    for action_id, press in BUTTONS.items():
        app.action(action_id)(listener.for_click(door, press))
    for callback_id, submit in FORMS.items():
        app.view(callback_id)(listener.for_submission(door, submit))
    app.action(re.compile(".*"))(listener.for_click(door, stale.stale_button))
