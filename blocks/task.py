"""A task's living card, and what is said about a task in private."""

from blocks import kit, mrkdwn
from blocks.ids import Action
from domain.card import Content
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


def describe_state(state: TaskState) -> str:
    """The state in words, with its sign: `🧭 Planning`."""
    sign, words = _LABELS[state]
    return f"{sign} {words}"


def task_card(
    number: int, request: str, requester: str, state: TaskState, actor: str | None = None
) -> Content:
    """The card of a task in `state`; `actor` is who brought it there, where a person did."""
    name = task_name(number)
    heading = mrkdwn.fill("{} · {}", mrkdwn.bold(name), describe_state(state))
    who = mrkdwn.fill("Asked by {}", mrkdwn.mention(requester))
    if actor is not None and state is TaskState.CANCELLED:
        who = mrkdwn.fill("{} · cancelled by {}", who, mrkdwn.mention(actor))
    blocks = [
        kit.section(heading),
        kit.section(mrkdwn.quote(mrkdwn.truncate(request, 1_500))),
        kit.context(who),
    ]
    if state is TaskState.PLANNING:
        blocks.append(kit.actions(kit.button("Cancel", Action.TASK_CANCEL, name), block_id=f"task-{number}"))
    return kit.message(mrkdwn.fill("{} {}: {}", name, describe_state(state), request), blocks)


def accepted(number: int) -> Content:
    """The private answer to `/execute`: its number, and where to look."""
    name = task_name(number)
    return kit.message(
        f"{name} is accepted.",
        [kit.section(mrkdwn.fill("{} is accepted; its card follows here.", mrkdwn.bold(name)))],
    )


def describe(task: Task, delivery: str | None = None) -> Content:
    """One task in full. `delivery` says why its card does not show it, where it does not."""
    pairs = [
        ("State", describe_state(task.state)),
        ("Asked by", mrkdwn.mention(task.requester)),
        ("Asked", mrkdwn.date(task.created_at)),
    ]
    if task.ended_at is not None:
        pairs.append(("Ended", mrkdwn.date(task.ended_at)))
    blocks = [
        kit.section(mrkdwn.bold(task.name)),
        kit.section(mrkdwn.quote(mrkdwn.truncate(task.request, 1_500))),
        kit.fields(pairs),
    ]
    if delivery:
        blocks.append(kit.context(delivery))
    return kit.message(mrkdwn.fill("{}: {}", task.name, describe_state(task.state)), blocks)


def describe_briefly(task: Task) -> Content:
    """How a task stands, without a word of what was asked for: it belongs to another conversation."""
    sentence = mrkdwn.fill("{}: {}", mrkdwn.bold(task.name), describe_state(task.state))
    hint = "It was asked for in another conversation, where its card tells more."
    return kit.message(sentence, [kit.section(sentence), kit.context(hint)])


def cancelled(number: int) -> Content:
    """The private answer to `/cancel`."""
    return kit.message(
        f"{task_name(number)} is cancelled. Nothing had been done yet.",
        [kit.section(f"{task_name(number)} is cancelled. Nothing had been done yet.")],
    )
