"""A task from `/execute` to its end. Here: accepted, waiting to be planned, cancelled."""

from blocks.task import task_card
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.card import CardDraft
from domain.errors import NotAllowed, NotFound, QuarterdeckError
from domain.task import Task, TaskState, card_key, task_name
from storage import audit
from storage import card as cards
from storage import task as tasks
from storage.database import Session
from workflows import engine
from workflows.services import Services

CONTROL = "control"
WAIT_SECONDS = 30 * 24 * 3600.0


async def submit(services: Services, ask: Ask) -> int | None:
    """Persist a task with its card, in one commit, and let its workflow start. Returns the task's number;
    None where the same event had come before.
    """

    def draw(number: int) -> CardDraft:
        content = task_card(number, ask.text, ask.person, TaskState.PLANNING)
        return CardDraft(card_key(number), ask.place, content, asker=ask.person)

    number = await tasks.accept(services.database, ask, "task.submitted", draw)
    if number is None:
        return None
    services.nudges.deliver()
    services.nudges.start_task(number)
    return number


@engine.workflow("execution")
async def run(number: int) -> None:
    """The task's workflow. Until plans exist it waits, for weeks if need be, for its cancellation."""
    waiting = await engine.transaction("begin", begin, number)
    while waiting:
        message = await engine.wait(CONTROL, timeout=WAIT_SECONDS)
        waiting = message != {"cancelled": True}


async def begin(session: Session, number: int) -> bool:
    """Mark the task as started; False where it was cancelled before that."""
    task = await tasks.find(session, number, lock=True)
    if task is None or task.state.ended:
        return False
    await tasks.mark_started(session, number)
    entry = AuditEntry("task.started", "task", task.name, "system", task.correlation_id)
    await audit.record(session, entry)
    return True


async def start(number: int) -> None:
    """Start the task's workflow; a second time changes nothing."""
    await engine.start(run, task_name(number), number)


async def cancel(session: Session, ask: Ask, number: int) -> Task:
    """Cancel a waiting task at once, within the caller's transaction: state, card, audit and the workflow's
    wake-up. Returns the task as it was before. Raises NotFound or NotAllowed, the attempt recorded.
    """
    task = await tasks.find(session, number, lock=True)
    problem = _objection(task, number, ask.person)
    if task is None or problem is not None or task.state.ended:
        entry = AuditEntry("task.cancel_refused", "task", task_name(number), ask.person, ask.correlation_id)
        await audit.record(session, entry)
    else:
        await _end_as_cancelled(session, task, ask)
    if task is None or problem is not None:
        raise problem or NotFound(f"There is no {task_name(number)}.")
    return task


def _objection(task: Task | None, number: int, person: str) -> QuarterdeckError | None:
    if task is None:
        return NotFound(f"There is no {task_name(number)}. `/qd status` lists the open tasks.")
    if task.requester != person:
        return NotAllowed(f"{task.name} is not yours: only the person who asked for it can cancel it.")
    return None


async def _end_as_cancelled(session: Session, task: Task, ask: Ask) -> None:
    await tasks.set_state(session, task.number, TaskState.CANCELLED)
    content = task_card(task.number, task.request, task.requester, TaskState.CANCELLED, ask.person)
    await cards.revise(session, card_key(task.number), content)
    await audit.record(
        session,
        AuditEntry(
            "task.cancelled", "task", task.name, ask.person, ask.correlation_id, {"from": task.state.value}
        ),
    )
    if task.started_at is not None:
        await engine.send(
            session, task.name, {"cancelled": True}, topic=CONTROL, idempotency_key=f"{ask.event_key}:cancel"
        )
