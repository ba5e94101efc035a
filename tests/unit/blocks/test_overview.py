from dataclasses import replace
from datetime import UTC, datetime

import pytest

from blocks.overview import overview
from blocks.undelivered import explain
from domain.overview import EngineState, Fault, Overview, SlackState
from domain.task import Task, TaskState
from tests.unit.blocks.faces import HOSTILE, accept, read

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CALM = Overview(tasks=[], faults=[], failed=0, backlog=0, slack="connected", engine="running")


def make_task(number: int, request: str = "roll back checkout") -> Task:
    return Task(number, request, "U0DEV", "C0OPS", None, TaskState.PLANNING, "abc", AT)


def test_without_tasks_it_says_so_and_how_the_bot_is() -> None:
    content = accept(overview(CALM))

    assert content.text == "No open tasks; Slack connected, engine running."
    assert "*No open tasks*" in read(content)
    assert "🟢" in read(content)


def test_each_open_task_is_a_line() -> None:
    content = accept(overview(replace(CALM, tasks=[make_task(1), make_task(2, "search\nindex")])))

    assert content.text.startswith("2 open tasks;")
    assert "*T-1* 🧭 Planning\nroll back checkout · <@U0DEV>" in read(content)
    assert "search index" in read(content)
    assert accept(overview(replace(CALM, tasks=[make_task(1)]))).text.startswith("1 open task;")


def test_many_tasks_are_counted_beyond_the_first_ten() -> None:
    content = accept(overview(replace(CALM, tasks=[make_task(number) for number in range(1, 51)])))

    assert "*T-10*" in read(content)
    assert "*T-11*" not in read(content)
    assert "… and 40 more." in read(content)


@pytest.mark.parametrize(
    ("slack", "engine", "said"),
    [
        ("reconnecting", "running", "Slack reconnecting"),
        ("revoked", "running", "install the app again"),
        ("connected", "down", "engine down"),
        ("connected", "recovering", "engine recovering"),
    ],
)
def test_what_is_not_well_is_seen_at_a_glance(slack: SlackState, engine: EngineState, said: str) -> None:
    content = accept(overview(replace(CALM, slack=slack, engine=engine)))

    assert "🟠" in read(content)
    assert said in read(content)


def test_a_channel_that_refuses_us_is_named_with_its_reason_and_what_waits() -> None:
    fault = Fault("C0OPS", explain("not_in_channel"), AT, 3)
    content = accept(overview(replace(CALM, faults=[fault], failed=2, backlog=3)))

    assert "🟠" in read(content)
    assert "I cannot write in <#C0OPS>: I am not a member." in read(content)
    assert "3 messages waiting since" in read(content)
    assert "3 messages to be shown" in read(content)
    assert "2 of my messages" in read(content)


def test_a_person_whom_we_cannot_reach_is_named_too() -> None:
    content = accept(overview(replace(CALM, faults=[Fault("U0DEV", "x", AT, 1)])))

    assert "I cannot write in <@U0DEV>: x. 1 message waiting" in read(content)


def test_hostile_requests_are_shown_as_text_only() -> None:
    accept(overview(replace(CALM, tasks=[make_task(n, HOSTILE) for n in range(1, 51)])))
