"""What a task came to: the last words in its thread."""

from blocks.report import report_card
from domain.audit import AuditEntry
from domain.card import CardDraft, Place
from domain.execution import StepState, TaskView
from domain.task import TaskState, card_key
from storage import audit
from storage import card as cards
from storage import task as tasks
from storage.database import Session
from workflows.view import load, show


async def report(session: Session, number: int) -> None:
    """End a task whose steps failed, and say in its thread what happened. Once, by the card's key."""
    view = await load(session, number)
    if view is None:
        return
    if not view.task.state.ended:
        state, note = _ending(view)
        await tasks.end(session, number, state, note)
        await show(session, number)
        view = await load(session, number)
        assert view is not None  # noqa: S101 - it was there
    task = view.task
    await audit.record(
        session,
        AuditEntry(
            "task.ended", "task", task.name, "system", task.correlation_id, {"state": task.state.value}
        ),
    )
    draft = CardDraft(
        key=f"report:{number}",
        place=Place(task.channel, task.thread_ts),
        content=report_card(view),
        asker=task.requester,
        parent_key=None if task.thread_ts else card_key(number),
    )
    await cards.show(session, draft)


def _ending(view: TaskView) -> tuple[TaskState, str]:
    """FAILED or COMPENSATED, and what was and was not taken back."""
    failed = [step.number for step in view.steps if step.state is StepState.FAILED]
    undone = [step.number for step in view.steps if step.state is StepState.UNDONE]
    left = [step.number for step in view.steps if step.state in {StepState.DONE, StepState.UNDO_FAILED}]
    parts = [f"Step {_names(failed)} failed."]
    if undone:
        parts.append(f"Taken back: step {_names(undone)}.")
    if left:
        parts.append(f"Not taken back: step {_names(left)}; please look at it.")
    state = TaskState.COMPENSATED if undone and not left else TaskState.FAILED
    return state, " ".join(parts)


def _names(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
