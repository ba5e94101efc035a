"""A task's living card, and what is said about a task in private. Everything is drawn from the task's view."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from blocks import kit, mrkdwn
from blocks.approval import approval_blocks, decision_lines
from blocks.element import Block
from blocks.ids import Action
from domain.card import Content
from domain.execution import StepRecord, StepState, TaskView
from domain.plan import Question, Unsure
from domain.task import Task, TaskState, task_name

_LABELS: dict[TaskState, tuple[str, str]] = {
    TaskState.PLANNING: ("🧭", "Planning"),
    TaskState.NEEDS_INPUT: ("✏️", "Needs an answer"),
    TaskState.AWAITING_APPROVAL: ("⏳", "Waits for approval"),
    TaskState.RUNNING: ("▶️", "Running"),
    TaskState.CANCELLING: ("🛑", "Stopping"),
    TaskState.COMPENSATING: ("↩️", "Undoing"),
    TaskState.DONE: ("✅", "Done"),
    TaskState.FAILED: ("❌", "Failed"),
    TaskState.COMPENSATED: ("↩️", "Failed, and undone"),
    TaskState.CANCELLED: ("🚫", "Cancelled"),
    TaskState.REJECTED: ("✋", "Rejected"),
    TaskState.EXPIRED: ("⌛", "Expired"),
    TaskState.IN_DOUBT: ("❓", "In doubt"),
}
_TICKS: dict[StepState, str] = {
    StepState.PLANNED: "▫️",
    StepState.RUNNING: "▶️",
    StepState.DONE: "✅",
    StepState.FAILED: "❌",
    StepState.IN_DOUBT: "❓",
    StepState.UNDOING: "↩️",
    StepState.UNDONE: "↩️",
    StepState.UNDO_FAILED: "⚠️",
}
_CANCELLABLE = frozenset(
    {TaskState.PLANNING, TaskState.NEEDS_INPUT, TaskState.AWAITING_APPROVAL, TaskState.RUNNING}
)
REQUEST_CHARACTERS = 1_500


def describe_state(state: TaskState) -> str:
    """The state in words, with its sign: `🧭 Planning`."""
    sign, words = _LABELS[state]
    return f"{sign} {words}"


def first_card(number: int, request: str) -> Content:
    """The card of a task that has just been accepted. It names nobody: a new message would disturb them."""
    return _compose(number, request, None, TaskState.PLANNING, [])


def task_card(view: TaskView) -> Content:
    """The card of a task as it stands: plan, risk, who may decide, what was done, and what can be done now."""
    task = view.task
    middle: list[Block] = []
    if view.steps:
        middle.append(kit.section(mrkdwn.join("\n", [step_line(step) for step in view.steps])))
        if task.state is TaskState.AWAITING_APPROVAL:
            middle += [_request_block(step) for step in view.steps]
    middle += approval_blocks(view)
    middle += _question_blocks(view)
    if view.note:
        middle.append(kit.section(view.note))
    return _compose(task.number, task.request, task.requester, task.state, middle, undo=_may_undo(view))


def _compose(
    number: int,
    request: str,
    requester: str | None,
    state: TaskState,
    middle: list[Block],
    *,
    undo: bool = False,
) -> Content:
    name = task_name(number)
    asked_by = [kit.context(mrkdwn.fill("Asked by {}", mrkdwn.mention(requester)))] if requester else []
    blocks = [
        kit.section(mrkdwn.fill("{} · {}", mrkdwn.bold(name), describe_state(state))),
        kit.section(mrkdwn.quote(mrkdwn.truncate(request, REQUEST_CHARACTERS))),
        *asked_by,
        *middle,
    ]
    buttons = []
    if state in _CANCELLABLE:
        buttons.append(kit.button("Cancel", Action.TASK_CANCEL, name))
    if undo:
        buttons.append(kit.button("Undo what was done", Action.TASK_UNDO, name))
    if buttons:
        blocks.append(kit.actions(*buttons, block_id=f"task-{number}"))
    return kit.message(mrkdwn.fill("{} {}: {}", name, describe_state(state), request), blocks)


def _may_undo(view: TaskView) -> bool:
    done = any(step.state is StepState.DONE for step in view.steps)
    return done and view.task.state in {TaskState.CANCELLED, TaskState.IN_DOUBT}


def describe_step(step: StepRecord) -> mrkdwn.Mrkdwn:
    """`deploy checkout v43 production`: the action and its values."""
    values = mrkdwn.join(
        ", ", [mrkdwn.fill("{} {}", name, mrkdwn.code(str(value))) for name, value in step.arguments.items()]
    )
    return mrkdwn.fill("{} {}", mrkdwn.bold(step.action.replace("_", " ")), values)


def step_line(step: StepRecord) -> mrkdwn.Mrkdwn:
    parts = [mrkdwn.fill("{} {}. {}", _TICKS[step.state], step.number, describe_step(step))]
    took = _seconds(step.started_at, step.ended_at)
    if took and step.state not in {StepState.PLANNED, StepState.RUNNING}:
        parts.append(mrkdwn.escape(f" · {took}"))
    sentence = _sentence(step.undo_receipt) or _sentence(step.receipt)
    if step.state is StepState.DONE:
        sentence = _result_line(step)
    if sentence:
        parts.append(mrkdwn.fill("\n      {}", sentence))
    return mrkdwn.join("", parts)


def _seconds(began: datetime | None, ended: datetime | None) -> str:
    if began is None or ended is None:
        return ""
    seconds = (ended - began).total_seconds()
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _sentence(receipt: Mapping[str, Any] | None) -> str:
    return str(receipt.get("sentence") or "") if receipt else ""


def _request_block(step: StepRecord) -> Block:
    """The exact request of a step, nothing expanded: what an approver agrees to."""
    request = step.request
    lines = [f"{step.number}. {request.get('method', '')} {request.get('address', '')}".strip()]
    lines += [f"{name}: {value}" for name, value in (request.get("headers") or {}).items()]
    if request.get("body") is not None:
        lines.append(json.dumps(request["body"], ensure_ascii=False))
    return kit.preformatted("\n".join(lines))


def _question_blocks(view: TaskView) -> list[Block]:
    if isinstance(view.question, Question):
        hint = "Answer in this thread" + (", or pick one:" if view.choices else ".")
    elif isinstance(view.question, Unsure):
        hint = "Pick what you mean, or cancel and say it in other words:"
    else:
        return []
    blocks = [kit.section(view.question.sentence), kit.context(hint)]
    for choice in view.choices[:5]:
        label = choice.value.replace("_", " ")
        button = kit.button("Choose", Action.CHOICE_PICK, str(choice.id))
        blocks.append(kit.section(mrkdwn.bold(label), accessory=button, block_id=f"choice-{choice.id}"))
    return blocks


def accepted(number: int) -> Content:
    """The private answer to `/execute`: its number, and where to look."""
    sentence = mrkdwn.fill("{} is accepted; its card follows here.", mrkdwn.bold(task_name(number)))
    return kit.message(f"{task_name(number)} is accepted.", [kit.section(sentence)])


def describe_briefly(task: Task) -> Content:
    """How a task stands, without a word of what was asked for: it belongs to another conversation."""
    sentence = mrkdwn.fill("{}: {}", mrkdwn.bold(task.name), describe_state(task.state))
    hint = "It was asked for in another conversation, where its card tells more."
    return kit.message(sentence, [kit.section(sentence), kit.context(hint)])


def cancelled(number: int) -> Content:
    """The private answer to `/cancel` that took effect at once."""
    sentence = f"{task_name(number)} is cancelled. Nothing had been done yet."
    return kit.message(sentence, [kit.section(sentence)])


def stopping(number: int) -> Content:
    """The private answer to `/cancel` while a step runs."""
    sentence = f"{task_name(number)} stops after the step that runs now; its card says what had been done."
    return kit.message(sentence, [kit.section(sentence)])


def describe(view: TaskView, delivery: str | None = None) -> Content:
    """One task in full, for `/status T-n`: plan, steps with times, decisions, receipts."""
    task = view.task
    blocks = [
        kit.section(mrkdwn.fill("{} · {}", mrkdwn.bold(task.name), describe_state(task.state))),
        kit.section(mrkdwn.quote(mrkdwn.truncate(task.request, REQUEST_CHARACTERS))),
        kit.fields(_facts(view)),
    ]
    for step in view.steps:
        blocks.append(kit.section(step_line(step)))
        receipt = _receipt_line(step)
        if receipt:
            blocks.append(kit.context(receipt))
    blocks += [kit.context(line) for line in decision_lines(view)]
    if view.note:
        blocks.append(kit.section(view.note))
    if delivery:
        blocks.append(kit.context(delivery))
    return kit.message(mrkdwn.fill("{}: {}", task.name, describe_state(task.state)), blocks)


def _facts(view: TaskView) -> list[tuple[str, str]]:
    task = view.task
    pairs: list[tuple[str, str]] = [
        ("Asked by", mrkdwn.mention(task.requester)),
        ("Asked", mrkdwn.date(task.created_at)),
    ]
    if view.assessment is not None:
        pairs.append(("Risk", f"{view.assessment.level.value} ({view.assessment.score:g} of 10)"))
    if task.ended_at is not None:
        pairs.append(("Ended", mrkdwn.date(task.ended_at)))
    return pairs


_QUIET_FIELDS = frozenset({"ok", "id", "at", "action"})


def _result_line(step: StepRecord) -> str:
    """What the call answered, in a few words: what a reading step was for."""
    result = (step.receipt or {}).get("result") or {}
    shown = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in result.items()
        if _is_short(value) and name not in {*_QUIET_FIELDS, *step.arguments}
    ]
    return ", ".join(shown[:6])


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and 0 < len(str(value)) <= 80


def _receipt_line(step: StepRecord) -> str:
    if not step.receipt:
        return ""
    status = step.receipt.get("status")
    times = step.receipt.get("attempts")
    parts = [f"receipt {step.key}"]
    if status:
        parts.append(f"HTTP {status}")
    if times and times > 1:
        parts.append(f"{times} attempts")
    if step.started_at is not None:
        return mrkdwn.fill("{} · {}", " · ".join(parts), mrkdwn.date(step.started_at))
    return " · ".join(parts)


def task_line(task: Task) -> mrkdwn.Mrkdwn:
    """One line of a list of tasks."""
    request = mrkdwn.truncate(mrkdwn.flatten(task.request), 120)
    return mrkdwn.fill("{} {} · {}", mrkdwn.bold(task.name), describe_state(task.state), request)
