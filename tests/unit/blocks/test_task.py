import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from blocks.task import accepted, cancelled, describe, describe_state, first_card, task_card
from domain.card import Content
from domain.execution import TaskView
from domain.task import Task, TaskState
from tests.unit.blocks.faces import HOSTILE, accept, buttons, read
from tests.unit.blocks.texts import texts

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TASK = Task(
    number=12,
    request="roll back checkout to v41",
    requester="U0DEV",
    channel="C0OPS",
    thread_ts=None,
    state=TaskState.PLANNING,
    correlation_id="abc",
    created_at=AT,
)


def view(task: Task, note: str | None = None) -> TaskView:
    return TaskView(task, steps=(), assessment=None, approval=None, question=None, choices=(), note=note)


def card(state: TaskState, request: str = TASK.request) -> Content:
    return task_card(view(replace(TASK, state=state, request=request)))


@pytest.mark.parametrize("state", TaskState)
def test_a_card_says_in_every_state_which_task_it_is_and_how_it_stands(state: TaskState) -> None:
    content = accept(card(state))

    assert describe_state(state) in read(content)
    assert "*T-12*" in read(content)
    assert "> roll back checkout to v41" in read(content)
    assert "<@U0DEV>" in read(content)
    assert content.text == f"T-12 {describe_state(state)}: roll back checkout to v41"


def test_every_state_is_told_apart() -> None:
    assert len({describe_state(state) for state in TaskState}) == len(TaskState)


def test_a_task_can_be_cancelled_from_its_card_while_it_is_planned() -> None:
    assert buttons(card(TaskState.PLANNING)) == {"task.cancel": "T-12"}


@pytest.mark.parametrize("state", [state for state in TaskState if state.ended])
def test_a_task_that_has_ended_has_no_buttons(state: TaskState) -> None:
    assert buttons(card(state)) == {}


@pytest.mark.parametrize("state", [TaskState.PLANNING, TaskState.CANCELLED])
def test_a_hostile_request_is_shown_as_text_only(state: TaskState) -> None:
    content = accept(card(state, HOSTILE))

    assert "&lt;!channel&gt;" in read(content)
    assert all(
        line.startswith(">") for line in re.findall(r"^.*evil\.example.*$", read(content), re.MULTILINE)
    )


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60
)
@given(texts)
def test_a_card_takes_any_request(text: str) -> None:
    accept(first_card(12, text))
    accept(describe(view(replace(TASK, request=text)), delivery=text))


def test_one_task_is_described_in_full() -> None:
    ended = replace(TASK, state=TaskState.CANCELLED, ended_at=AT.replace(hour=13))

    assert "Ended" not in read(accept(describe(view(TASK))))
    content = accept(describe(view(ended), "Its card was deleted in Slack."))
    assert content.text == f"T-12: {describe_state(TaskState.CANCELLED)}"
    for said in (
        "roll back checkout to v41",
        "<@U0DEV>",
        "2026-03-01 12:30 UTC",
        "2026-03-01 13:30 UTC",
        "deleted in Slack",
    ):
        assert said in read(content)


def test_private_answers_name_the_task() -> None:
    assert accept(accepted(12)).text == "T-12 is accepted."
    assert "T-12" in read(accepted(12))
    assert accept(cancelled(12)).text == "T-12 is cancelled. Nothing had been done yet."
