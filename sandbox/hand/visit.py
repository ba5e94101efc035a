"""Shortcuts, the home tab, and the stop button of an answer that is being written."""

from typing import Any

from sandbox.event import announce
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.interaction import message_shortcut_payload, send, shortcut_payload


async def shortcut(gesture: Gesture) -> Answer:
    """Use a shortcut of the manifest: `{user, callback_id, channel?, ts?}` -> `{ok, ack_ms}`."""
    desk, user, callback_id = gesture.desk, gesture.user(), gesture.require("callback_id")
    kind = desk.manifest.shortcuts.get(callback_id)
    if kind is None:
        known = ", ".join(sorted(desk.manifest.shortcuts)) or "none"
        raise HandError(
            "unknown_shortcut", f"The manifest declares no shortcut {callback_id}; it declares: {known}."
        )
    if kind == "message":
        channel = gesture.joined(user)
        payload = message_shortcut_payload(desk, user, callback_id, channel, gesture.message(channel, user))
    else:
        payload = shortcut_payload(desk, user, callback_id)
    ack = await send(desk, "interactive", payload)
    return {"ack_ms": ack.ms}


async def home(gesture: Gesture) -> Answer:
    """Open the app: `{user, tab?}`; the tab is `home` where the manifest enables it, else `messages`."""
    desk, user = gesture.desk, gesture.user()
    channel = desk.workspace.open_direct(user)
    tab = gesture.text("tab") or ("home" if desk.manifest.home_tab else "messages")
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": channel.id,
        "tab": tab,
        "event_ts": desk.ids.timestamp(),
    }
    view = desk.views.homes.get(user.id)
    if view is not None and tab == "home":
        event["view"] = view.body
    announce(desk, event)
    return {"tab": tab, "view": None if view is None else view.body}


async def stop(gesture: Gesture) -> Answer:
    """Press STOP on an answer that is being written: `{user, channel, ts}`."""
    desk, user = gesture.desk, gesture.user()
    channel = gesture.joined(user)
    message = gesture.message(channel, user)
    if not message.body.get("streaming"):
        raise HandError(
            "not_streaming", "This message is not being written any more: there is nothing to stop."
        )
    event = {
        "type": "agent_session_stopped",
        "user": user.id,
        "channel": channel.id,
        "thread_ts": message.thread_ts or message.ts,
        "streaming_message_ts": [message.ts],
        "event_ts": desk.ids.timestamp(),
    }
    announce(desk, event, channel)
    return {}
