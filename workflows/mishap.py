"""What becomes of a task when a mistake of ours stops its workflow: an honest end, never silence."""

from domain.approval import ApprovalState
from domain.execution import StepState
from domain.task import TaskState
from storage import approval as approvals
from storage import choice as choices
from storage import step as steps
from storage import task as tasks
from storage.database import Session
from workflows.report import report
from workflows.view import show

UNKNOWN = "Something went wrong here while it was being done. Please look whether it happened."


async def break_off(session: Session, number: int) -> None:
    """End a task that cannot go on, say what is known of its steps, and report. Nothing more is done."""
    task = await tasks.find(session, number, lock=True)
    if task is None or task.state.ended:
        return
    approval = await approvals.find_of_task(session, number, lock=True)
    if approval is not None and approval.state is ApprovalState.PENDING:
        await approvals.set_state(session, approval.number, ApprovalState.CANCELLED)
    await choices.offer(session, number, "", ())
    doubtful = await _leave_in_doubt(session, number)
    state = TaskState.IN_DOUBT if doubtful else TaskState.FAILED
    note = f"A mistake of mine stopped it, and nothing more is done. The log says more: look for {task.name}."
    await tasks.end(session, number, state, note)
    await show(session, number)
    await report(session, number)


async def _leave_in_doubt(session: Session, number: int) -> bool:
    """Nobody knows any more what came of a step that was under way."""
    receipt = {"outcome": "in_doubt", "sentence": UNKNOWN}
    found = False
    for step in await steps.list_of(session, number):
        if step.state is StepState.RUNNING:
            await steps.end(session, number, step.number, StepState.IN_DOUBT, receipt)
        elif step.state is StepState.UNDOING:
            await steps.end_undo(session, number, step.number, StepState.UNDO_FAILED, receipt)
        found = found or step.state in {StepState.RUNNING, StepState.UNDOING, StepState.IN_DOUBT}
    return found
