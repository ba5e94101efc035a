"""Slack's payloads as typed values: what each kind gives us, repetitions, and what is not of its kind."""

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card import Place
from handlers.slack.payloads import (
    Body,
    Malformed,
    read_click,
    read_command,
    read_deleted,
    read_joined,
    read_message,
)

SHAPES = Path(__file__).parents[5] / "shared/data/slack/payload_shapes.json"
BOT = "U0QUARTERDECK"

COMMAND: Body = {
    "token": "x",
    "team_id": "T0",
    "team_domain": "sandbox",
    "channel_id": "C0OPS",
    "channel_name": "ops",
    "user_id": "U0DEV",
    "user_name": "dev",
    "command": "/execute",
    "text": "roll back checkout to v41",
    "api_app_id": "A0",
    "response_url": "https://hooks.example/commands/1",
    "trigger_id": "1.2.abc",
}
MESSAGE: Body = {
    "token": "x",
    "team_id": "T0",
    "api_app_id": "A0",
    "event": {
        "type": "message",
        "channel": "C0OPS",
        "channel_type": "channel",
        "user": "U0DEV",
        "text": f"<@{BOT}> status",
        "ts": "1700000000.000100",
        "event_ts": "1700000000.000100",
        "client_msg_id": "m1",
        "team": "T0",
    },
    "type": "event_callback",
    "event_id": "Ev1",
    "event_time": 1700000000,
}
CLICK: Body = {
    "type": "block_actions",
    "team": {"id": "T0", "domain": "sandbox"},
    "user": {"id": "U0DEV", "username": "dev", "name": "dev", "team_id": "T0"},
    "api_app_id": "A0",
    "token": "x",
    "container": {"type": "message", "message_ts": "1.0", "channel_id": "C0OPS", "is_ephemeral": False},
    "trigger_id": "1.2.abc",
    "channel": {"id": "C0OPS", "name": "ops"},
    "message": {"type": "message", "user": BOT, "ts": "1.0", "text": "T-1", "bot_id": "B0", "team": "T0"},
    "response_url": "https://hooks.example/actions/1",
    "actions": [
        {
            "action_id": "task.cancel",
            "block_id": "task-1",
            "value": "T-1",
            "type": "button",
            "action_ts": "9.9",
        }
    ],
}
JOINED: Body = {
    "type": "event_callback",
    "team_id": "T0",
    "api_app_id": "A0",
    "event": {
        "type": "member_joined_channel",
        "user": BOT,
        "channel": "C0OPS",
        "channel_type": "C",
        "team": "T0",
    },
}

Read = Callable[[Body], object]
READERS: dict[str, tuple[Body, Read]] = {
    "envelope.slash_commands": (COMMAND, lambda body: read_command(body, "c")),
    "event.message": (MESSAGE, lambda body: read_message(body, "c", BOT)),
    "payload.block_actions": (CLICK, lambda body: read_click(body, "c")),
    "event.member_joined_channel": (JOINED, read_joined),
}


def changed(body: Body, **event: Any) -> Body:
    return {**body, "event": {**body["event"], **event}}


@pytest.mark.parametrize("kind", READERS)
def test_the_examples_here_have_the_shape_of_slacks(kind: str) -> None:
    if not SHAPES.is_file():
        pytest.skip(f"Slack's payload shapes are not at {SHAPES.name} in ../shared/data/slack")
    shape = json.loads(SHAPES.read_text("utf-8"))[kind]["shape"]
    known = set(_paths(shape.get("payload", shape)))
    assert set(_paths(READERS[kind][0])) <= known


def test_a_slash_command_asks_in_its_channel() -> None:
    name, ask = read_command(COMMAND, "c")

    assert name == "execute"
    assert ask.person == "U0DEV"
    assert ask.place == Place("C0OPS")
    assert ask.text == "roll back checkout to v41"
    assert ask.event_key == "command:1.2.abc"
    assert not ask.spoken


def test_its_text_is_what_the_person_typed() -> None:
    _, ask = read_command({**COMMAND, "text": "  scale a &amp;&amp; b &lt;3\x00 "}, "c")
    assert ask.text == "scale a && b <3"
    _, ask = read_command({**COMMAND, "text": None}, "c")
    assert ask.text == ""


def test_two_commands_have_two_keys_and_a_repetition_has_one() -> None:
    without = {name: value for name, value in COMMAND.items() if name != "trigger_id"}

    assert read_command(without, "c")[1].event_key == read_command(dict(without), "d")[1].event_key
    assert read_command(without, "c")[1].event_key != read_command({**without, "text": "x"}, "c")[1].event_key
    assert read_command({**COMMAND, "trigger_id": "other"}, "c")[1].event_key != "command:1.2.abc"


def test_a_mention_asks_in_a_thread_below_it() -> None:
    ask = read_message(MESSAGE, "c", BOT)

    assert ask is not None
    assert ask.text == "status"
    assert ask.place == Place("C0OPS", "1700000000.000100")
    assert ask.said_at == datetime(2023, 11, 14, 22, 13, 20, 100, tzinfo=UTC)
    assert ask.spoken


def test_a_reply_is_answered_in_its_thread() -> None:
    ask = read_message(changed(MESSAGE, thread_ts="1600000000.000100"), "c", BOT)
    assert ask is not None
    assert ask.place == Place("C0OPS", "1600000000.000100")


def test_a_mention_and_its_message_are_one_ask() -> None:
    mention = changed(MESSAGE, type="app_mention")
    del mention["event"]["channel_type"]
    first, second = read_message(MESSAGE, "c", BOT), read_message({**mention, "event_id": "Ev2"}, "d", BOT)
    assert first is not None
    assert second is not None
    assert first.event_key == second.event_key


def test_in_a_direct_message_no_mention_is_needed() -> None:
    said = changed(MESSAGE, channel="D0DEV", channel_type="im", text="help")
    ask = read_message(said, "c", BOT)
    assert ask is not None
    assert ask.text == "help"
    del said["event"]["channel_type"]
    assert read_message(said, "c", BOT) is not None


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_message_with_a_file_and_a_reply_shown_in_its_channel_are_said_by_a_person(subtype: str) -> None:
    assert read_message(changed(MESSAGE, subtype=subtype), "c", BOT) is not None


@pytest.mark.parametrize(
    "event",
    [
        {"text": "status"},
        {"text": None},
        {"text": "<@U0LEAD> status"},
        {"bot_id": "B0OTHER"},
        {"subtype": "bot_message", "user": None},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"user": ""},
    ],
)
def test_what_no_person_said_to_the_bot_is_left_alone(event: dict[str, Any]) -> None:
    assert read_message(changed(MESSAGE, **event), "c", BOT) is None


def test_a_click_names_its_button_and_what_it_acts_on() -> None:
    click = read_click(CLICK, "c")

    assert (click.action_id, click.value) == ("task.cancel", "T-1")
    assert click.ask.person == "U0DEV"
    assert click.ask.place == Place("C0OPS")
    assert click.ask.event_key == "action:1.2.abc:9.9"


def test_a_click_in_a_thread_is_answered_there() -> None:
    click = read_click({**CLICK, "message": {**CLICK["message"], "thread_ts": "0.5"}}, "c")
    assert click.ask.place == Place("C0OPS", "0.5")


def test_a_click_without_a_message_is_answered_where_the_person_is() -> None:
    ephemeral = {name: value for name, value in CLICK.items() if name not in {"channel", "message"}}
    assert read_click(ephemeral, "c").ask.place == Place("C0OPS")
    home = {**ephemeral, "container": {"type": "view", "view_id": "V0"}}
    assert read_click(home, "c").ask.place == Place("U0DEV")


def test_a_menu_has_no_value_of_its_own() -> None:
    assert read_click({**CLICK, "actions": [{"action_id": "choice.pick", "action_ts": "9"}]}, "c").value == ""


def test_somebody_joined() -> None:
    joined = read_joined(JOINED)
    assert (joined.user, joined.channel) == (BOT, "C0OPS")


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_deleted", "deleted_ts": "1.0", "previous_message": {"user": BOT}},
        {"subtype": "message_changed", "message": {"subtype": "tombstone", "ts": "1.0"}},
    ],
    ids=["message", "message with replies"],
)
def test_somebody_deleted_a_message(event: dict[str, Any]) -> None:
    assert read_deleted(changed(MESSAGE, **event)) == ("C0OPS", "1.0")


@pytest.mark.parametrize(
    "event", [{}, {"subtype": "message_changed", "message": {"ts": "1.0", "text": "edited"}}]
)
def test_what_still_stands_was_not_deleted(event: dict[str, Any]) -> None:
    assert read_deleted(changed(MESSAGE, **event)) is None


MISSING = "missing"
NEEDED = [
    *(("envelope.slash_commands", path) for path in ("command", "user_id", "channel_id")),
    *(("event.message", path) for path in ("event", "event.channel", "event.ts")),
    *(("payload.block_actions", path) for path in ("actions", "user", "user.id", "actions.0.action_id")),
    *(("event.member_joined_channel", path) for path in ("event", "event.user", "event.channel")),
]


@pytest.mark.parametrize(("kind", "path"), NEEDED)
@pytest.mark.parametrize("found", [MISSING, "", None, 5, [], {}], ids=str)
def test_what_is_not_of_its_kind_is_called_malformed(kind: str, path: str, found: object) -> None:
    body, read = READERS[kind]
    body = copy.deepcopy(body)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = body
    for step in parents:
        inner = inner[step]
    if found is MISSING:
        del inner[last]
    else:
        inner[last] = found
    with pytest.raises(Malformed):
        read(body)


@pytest.mark.parametrize("ts", ["", "soon", "nan", "1e300", None, 5])
def test_a_message_needs_a_time(ts: object) -> None:
    with pytest.raises(Malformed):
        read_message(changed(MESSAGE, ts=ts), "c", BOT)


ODD = [None, True, 5, 1.5, "", "x", "&\x00\ud83d", [], ["x"], [None], {}, {"id": None}, {"id": "x", "ts": 5}]


@given(st.sampled_from(sorted(READERS)), st.data())
def test_whatever_comes_is_read_or_called_malformed(kind: str, data: st.DataObject) -> None:
    body, read = READERS[kind]
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(body)), st.sampled_from(ODD), max_size=3))
    if "event" in body:
        event = data.draw(
            st.dictionaries(st.sampled_from(sorted(body["event"])), st.sampled_from(ODD), max_size=3)
        )
        body = {**body, "event": {**body["event"], **event}}
    with contextlib.suppress(Malformed):
        read({**body, **changes})


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, path)
    else:
        yield path
