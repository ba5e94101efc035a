"""Everything the sandbox sends, compared with the payloads that Slack's own SDK and Bolt are tested with."""

import json
from pathlib import Path
from typing import Any

import pytest

SHAPES = Path(__file__).parents[4] / "shared" / "data" / "slack" / "payload_shapes.json"
# Null outside of Enterprise Grid or for the first view of a modal, whatever the examples happened to hold.
NULLABLE = {
    "enterprise_id",
    "enterprise",
    "context_enterprise_id",
    "team_id",
    "previous_view_id",
    "submit",
    "close",
}

KINDS = {
    "hello",
    "disconnect",
    "envelope.events_api.app_mention",
    "envelope.events_api.message",
    "envelope.interactive.block_actions",
    "envelope.interactive.shortcut",
    "envelope.slash_commands",
    "event.app_home_opened",
    "event.app_mention",
    "event.file_shared",
    "event.member_joined_channel",
    "event.member_left_channel",
    "event.message",
    "event.reaction_added",
    "payload.block_actions",
    "payload.block_suggestion",
    "payload.message_action",
    "payload.shortcut",
    "payload.view_closed",
    "payload.view_submission",
}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


MENU = {"type": "external_select", "action_id": "s"}
BUTTON = {"type": "button", "action_id": "b", "text": plain("Go"), "value": "1"}
ROWS = [
    {
        "type": "input",
        "block_id": "i",
        "label": plain("L"),
        "element": {"type": "plain_text_input", "action_id": "t"},
    },
    {"type": "actions", "block_id": "a", "elements": [BUTTON, MENU]},
]
MODAL = {"type": "modal", "title": plain("T"), "submit": plain("S"), "close": plain("C"), "blocks": ROWS}


async def act_everything_out(hand: Any, client: Any, socket: Any) -> None:
    """Make the sandbox send every kind there is."""
    here = {"user": "U0DEV", "channel": "C0OPS"}
    said = await hand.do("say", **here, text="@Quarterdeck hello")
    at = {**here, "ts": said["ts"]}
    await hand.do("say", **here, text="below", thread_ts=said["ts"])
    await hand.do("edit", **at, text="@Quarterdeck hallo")
    await hand.do("react", **at, name="eyes")
    await hand.do("upload", **here, name="a.txt", content="x")
    await hand.do("command", **here, command="/status", wait_s=0)
    await hand.do("shortcut", **at, callback_id="incident.open")
    await hand.do("shortcut", user="U0DEV", callback_id="task.new")
    trigger = socket.envelopes[-1]["payload"]["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view={**MODAL, "notify_on_close": True}))["view"][
        "id"
    ]
    await hand.do("click", user="U0DEV", view_id=view, action_id="b")
    await hand.do("suggest", user="U0DEV", view_id=view, action_id="s", value="x")
    await hand.do("close", user="U0DEV", view_id=view)
    await hand.do("shortcut", user="U0DEV", callback_id="task.new")
    trigger = socket.envelopes[-1]["payload"]["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]["id"]
    await hand.do("submit", user="U0DEV", view_id=view, values={"i": {"t": "x"}})
    posted = await client.chat_postMessage(
        channel="C0OPS", text="x", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    await hand.do("click", **{**here, "ts": posted["ts"]}, action_id="b")
    await hand.do("home", user="U0DEV")
    await hand.do("delete", **at)
    await hand.do("invite", user="U0DEV", channel="C0RANDOM", who="U0QUARTERDECK")
    await hand.do("kick", user="U0DEV", channel="C0RANDOM", who="U0LEAD")
    await hand.do("clock", scale=100)
    await hand.do("faults", refresh=True)


def kinds_of(frame: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    kind, payload = frame["type"], frame.get("payload", {})
    if kind == "events_api":
        name = payload["event"]["type"]
        return [(f"envelope.events_api.{name}", frame), (f"event.{name}", payload)]
    if kind == "interactive":
        return [(f"envelope.interactive.{payload['type']}", frame), (f"payload.{payload['type']}", payload)]
    return [("envelope.slash_commands" if kind == "slash_commands" else kind, frame)]


def differences(value: Any, shape: Any, path: str = "") -> list[str]:
    name = path.rsplit(".", 1)[-1]
    if value is None and (name in NULLABLE or shape == "NoneType"):
        return []
    if isinstance(shape, str):
        fits = type(value).__name__ == shape or name in NULLABLE
        return [] if fits else [f"{path} is {type(value).__name__}, not {shape}"]
    if type(value) is not type(shape):
        return [f"{path} is {type(value).__name__}, not {type(shape).__name__}"]
    if isinstance(shape, list):
        return [found for item in value for found in (differences(item, shape[0], path) if shape else [])]
    known = [key for key in value if key in shape]
    return [found for key in known for found in differences(value[key], shape[key], f"{path}.{key}")]


@pytest.mark.skipif(not SHAPES.is_file(), reason="the reference payloads are not beside this checkout")
async def test_every_kind_has_the_keys_and_types_of_slacks_own_examples(
    hand: Any, client: Any, open_socket: Any, wait_until: Any
) -> None:
    shapes = json.loads(SHAPES.read_text())
    socket = await open_socket()
    await act_everything_out(hand, client, socket)
    await wait_until(lambda: socket.closed)
    seen, problems = set(), []
    for frame in socket.frames:
        for kind, body in kinds_of(frame):
            seen.add(kind)
            if kind in shapes:
                missing = set(shapes[kind]["always_top_level"]) - set(body)
                problems += [f"{kind}: {key} is missing" for key in missing]
                problems += [f"{kind}: {found}" for found in differences(body, shapes[kind]["shape"])]
    assert problems == []
    assert KINDS - seen == set()
