"""What a person does with the app, as the envelopes that Slack makes of it: commands, clicks, shortcuts."""

import time
from typing import Any

from sandbox.desk import Desk
from sandbox.element import Place, find_places
from sandbox.identity import APP_ID, TEAM_DOMAIN, TEAM_ID, VERIFICATION_TOKEN
from sandbox.message import public_body
from sandbox.response_url import ResponseUrl
from sandbox.socket_mode import Ack, AckTimeoutError, NoSocketError
from sandbox.view import View
from sandbox.workspace import Channel, Message, User

Payload = dict[str, Any]


class InteractionError(Exception):
    """What the person sees of a dead app: `dispatch_failed` or `operation_timeout`, and a sentence."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error, self.detail = error, detail


async def send(desk: Desk, type_: str, payload: Payload, accepts: bool = False) -> Ack:
    """Deliver an envelope once (Slack never repeats these) and return its ack; raises InteractionError."""
    try:
        return await desk.sockets.deliver(type_, payload, accepts)
    except NoSocketError:
        detail = "The app has no open Socket Mode connection: start it, or wait until it has reconnected."
        raise InteractionError("dispatch_failed", detail) from None
    except AckTimeoutError:
        detail = "The app did not acknowledge within 3 seconds: acknowledge before doing long work."
        raise InteractionError("operation_timeout", detail) from None


def command_payload(
    desk: Desk, user: User, channel: Channel, command: str, text: str
) -> tuple[Payload, ResponseUrl]:
    """Build the payload of a slash command."""
    path, url = desk.response_urls.issue("commands", user.id, channel.id)
    payload = {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": desk.url + path,
        "trigger_id": desk.triggers.issue(user.id),
    }
    return payload, url


def message_action_payload(
    desk: Desk, user: User, channel: Channel, message: Message, action: Payload
) -> Payload:
    """Build the block_actions payload of a click in a message."""
    path, _url = desk.response_urls.issue("actions", user.id, channel.id, message.ts)
    return _actions(desk, user, action, view_id=None) | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        },
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": public_body(message, with_metadata=True),
        "state": {"values": message.state},
        "response_url": desk.url + path,
    }


def view_action_payload(desk: Desk, user: User, view: View, action: Payload) -> Payload:
    """Build the block_actions payload of a click in a modal or on a home tab."""
    return _actions(desk, user, action, view.id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.body,
    }


def suggestion_payload(
    user: User, place: Place, typed: str, channel: Channel | None, message: Message | None, view: View | None
) -> Payload:
    """Build the block_suggestion payload of words typed into an external menu."""
    payload: Payload = {
        "type": "block_suggestion",
        "user": person(user),
        "team": team(),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        "action_id": place.action_id,
        "block_id": place.block_id,
        "value": typed,
    }
    if view is not None:
        return payload | {"container": {"type": "view", "view_id": view.id}, "view": view.body}
    if channel is None or message is None:
        return payload
    return payload | {
        "container": {"type": "message", "message_ts": message.ts, "channel_id": channel.id},
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": public_body(message, with_metadata=True),
    }


def submission_payload(desk: Desk, user: User, view: View) -> Payload:
    """Build the view_submission payload of a modal whose state is filled in."""
    return _view_payload(user, view, "view_submission") | {
        "trigger_id": desk.triggers.issue(user.id, view.id),
        "response_urls": _response_urls(desk, user, view),
    }


def closed_payload(user: User, view: View, cleared: bool) -> Payload:
    """Build the view_closed payload."""
    return _view_payload(user, view, "view_closed") | {"is_cleared": cleared}


def shortcut_payload(desk: Desk, user: User, callback_id: str) -> Payload:
    """Build the payload of a global shortcut."""
    return {
        "type": "shortcut",
        "token": VERIFICATION_TOKEN,
        "action_ts": action_ts(),
        "team": team(),
        "user": person(user),
        "enterprise": None,
        "is_enterprise_install": False,
        "callback_id": callback_id,
        "trigger_id": desk.triggers.issue(user.id),
    }


def message_shortcut_payload(
    desk: Desk, user: User, callback_id: str, channel: Channel, message: Message
) -> Payload:
    """Build the message_action payload of a shortcut used on a message."""
    path, _url = desk.response_urls.issue("actions", user.id, channel.id, message.ts)
    return shortcut_payload(desk, user, callback_id) | {
        "type": "message_action",
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": public_body(message, with_metadata=True),
        "response_url": desk.url + path,
    }


def _view_payload(user: User, view: View, type_: str) -> Payload:
    return {
        "type": type_,
        "team": team(),
        "user": person(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        "view": view.body,
    }


def _response_urls(desk: Desk, user: User, view: View) -> list[Payload]:
    found: list[Payload] = []
    for place in find_places(view.body["blocks"]):
        if not place.element.get("response_url_enabled"):
            continue
        state = view.body["state"]["values"].get(place.block_id, {}).get(place.action_id, {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel:
            path, _url = desk.response_urls.issue("actions", user.id, channel)
            where = {"block_id": place.block_id, "action_id": place.action_id, "channel_id": channel}
            found.append({**where, "response_url": desk.url + path})
    return found


def _actions(desk: Desk, user: User, action: Payload, view_id: str | None) -> Payload:
    return {
        "type": "block_actions",
        "user": person(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": desk.triggers.issue(user.id, view_id),
        "team": team(),
        "enterprise": None,
        "is_enterprise_install": False,
        "actions": [{**action, "action_ts": action_ts()}],
    }


def person(user: User) -> Payload:
    """Return a user as interactive payloads name them."""
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID}


def team() -> Payload:
    """Return the workspace as interactive payloads name it."""
    return {"id": TEAM_ID, "domain": TEAM_DOMAIN}


def action_ts() -> str:
    """Return the time of an action in Slack's form."""
    return f"{time.time():.6f}"


def channel_name(channel: Channel) -> str:
    """Return the name that commands and clicks carry: the channel's, `directmessage` or `privategroup`."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name
