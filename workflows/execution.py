"""A task from `/execute` to its end: planned, approved where it must be, carried out step by step, taken back when
a step fails, reported. One durable workflow a task; every decision and receipt is a row before anything follows.
"""

import logging
from typing import Any

from blocks.task import first_card
from domain.approval import LEADS, ApprovalState, Role
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.card import CardDraft
from domain.errors import NotAllowed, NotFound, QuarterdeckError
from domain.task import Task, TaskState, card_key, task_name
from storage import approval as approvals
from storage import audit
from storage import choice as choices
from storage import task as tasks
from storage.database import Session
from workflows import engine, gate, patience, planning, undoing
from workflows.mishap import break_off
from workflows.report import report
from workflows.services import Services
from workflows.step import call, intend, keep_receipt
from workflows.view import show

CONTROL = "control"
log = logging.getLogger(__name__)


async def submit(services: Services, ask: Ask, answers: dict[str, str] | None = None) -> int | None:
    """Persist a task with its card, in one commit, and let its workflow start. Returns the task's number;
    None where the same event had come before.
    """

    def draw(number: int) -> CardDraft:
        content = first_card(number, ask.text)
        return CardDraft(card_key(number), ask.place, content, asker=ask.person)

    number = await tasks.accept(services.database, ask, "task.submitted", draw, answers or {})
    if number is None:
        return None
    services.nudges.deliver()
    services.nudges.start_task(number)
    return number


async def start(number: int) -> None:
    """Start the task's workflow; a second time changes nothing."""
    await engine.start(run, task_name(number), number)


@engine.workflow("execution")
async def run(number: int) -> None:
    """The task's workflow."""
    try:
        found = await _prepare(number)
        if await _approved(number, found):
            await _carry_out(number)
    except engine.StepError:
        # A mistake of ours. It is recorded, so that a replay meets it again and goes the same way.
        log.exception("%s cannot go on", task_name(number))
        await engine.transaction("broken", break_off, number)
    _nudge()


def _nudge() -> None:
    """Let the delivery loop look at once. A replay does it again, which does no harm."""
    engine.services(Services).nudges.deliver()


async def _prepare(number: int) -> dict[str, Any]:
    """Plan, asking the person for what is missing. Returns what `gate.ask_for` says of the plan."""
    turn = 0
    while True:
        outcome = await patience.step(f"plan-{turn}", planning.make_plan, number)
        found = await engine.transaction(f"planned-{turn}", prepare, number, outcome)
        _nudge()
        if found["state"] != planning.WAITING:
            return found
        message = await engine.wait(CONTROL, timeout=planning.ANSWER_SECONDS)
        if message is None:
            await engine.transaction(f"unanswered-{turn}", _give_up_waiting, number)
            return {"state": gate.ENDED, "wait": 0}
        turn += 1


async def prepare(session: Session, number: int, outcome: dict[str, Any]) -> dict[str, Any]:
    """Keep what the planner said; where it is a plan, assess it and ask for approval, all in one transaction: each
    one costs some milliseconds, and this is the way of every task.
    """
    task = await tasks.find(session, number, lock=True)
    if task is None or task.state.ended:
        return {"state": gate.ENDED, "wait": 0}
    if task.started_at is None:
        await tasks.mark_started(session, number)
        entry = AuditEntry("task.started", "task", task.name, "system", task.correlation_id)
        await audit.record(session, entry)
    state = await planning.keep_outcome(session, task, outcome)
    return await gate.ask_for(session, task) if state == planning.PLANNED else {"state": state, "wait": 0}


async def _give_up_waiting(session: Session, number: int) -> None:
    task = await tasks.find(session, number, lock=True)
    if task is not None and not task.state.ended:
        note = "The question was not answered, and nothing was done. Send it again if it is still wanted."
        await tasks.end(session, number, TaskState.EXPIRED, note)
        await choices.offer(session, number, "", ())
        await show(session, number)


async def _approved(number: int, found: dict[str, Any]) -> bool:
    """Wait for the people who decide, waking to remind, to escalate and to expire."""
    turn = 0
    while found["state"] == gate.PENDING:
        await engine.wait(CONTROL, timeout=found["wait"])
        await gate.look_up_people()
        found = await engine.transaction(f"tend-{turn}", gate.tend, number, found.get("seen", 0))
        _nudge()
        turn += 1
    return bool(found["state"] == gate.GRANTED)


async def _carry_out(number: int) -> None:
    step = 1
    while True:
        verdict = await engine.transaction(f"intend-{step}", intend, number, step)
        if verdict != "go":
            break
        _nudge()
        receipt = await patience.step(f"call-{step}", call, number, step)
        await engine.transaction(f"receipt-{step}", keep_receipt, number, step, receipt)
        if receipt["outcome"] != "done":
            break
        step += 1
    if await engine.transaction("settle", undoing.settle, number):
        await undoing.compensate(number)
    await engine.transaction("report", report, number)


async def cancel(session: Session, ask: Ask, number: int, roles: frozenset[Role] = frozenset()) -> TaskState:
    """Cancel a task within the caller's transaction: at once while it waits, after the step that runs otherwise.
    `roles` are those of whoever asks. Returns the state it was in before. Raises NotFound or NotAllowed, the attempt
    recorded.
    """
    task = await tasks.find(session, number, lock=True)
    problem = _objection(task, number, ask.person, roles)
    if task is None or problem is not None or task.state.ended:
        entry = AuditEntry("task.cancel_refused", "task", task_name(number), ask.person, ask.correlation_id)
        await audit.record(session, entry)
    else:
        await _stop(session, task, ask)
    if task is None or problem is not None:
        raise problem or NotFound(f"There is no {task_name(number)}.")
    return task.state


def may_stop(task: Task, person: str, roles: frozenset[Role]) -> bool:
    """Whether somebody may cancel a task, and have it taken back: who asked for it, and any lead."""
    return task.requester == person or bool(roles & LEADS)


def _objection(
    task: Task | None, number: int, person: str, roles: frozenset[Role]
) -> QuarterdeckError | None:
    if task is None:
        return NotFound(f"There is no {task_name(number)}. `/qd status` lists the open tasks.")
    if not may_stop(task, person, roles):
        return NotAllowed(f"{task.name} is not yours: the person who asked for it can cancel it, or a lead.")
    return None


async def _stop(session: Session, task: Task, ask: Ask) -> None:
    if task.state.waiting:
        whose = "" if ask.person == task.requester else " by somebody else than who asked for it"
        await tasks.end(
            session, task.number, TaskState.CANCELLED, f"Cancelled{whose} before anything was done."
        )
        await choices.offer(session, task.number, "", ())
        waiting = await approvals.find_of_task(session, task.number, lock=True)
        if waiting is not None and waiting.state is ApprovalState.PENDING:
            await approvals.set_state(session, waiting.number, ApprovalState.CANCELLED)
    elif task.state is TaskState.RUNNING:
        await tasks.set_state(session, task.number, TaskState.CANCELLING)
    await show(session, task.number)
    facts: dict[str, str | int | bool | None] = {"from": task.state.value}
    entry = AuditEntry("task.cancelled", "task", task.name, ask.person, ask.correlation_id, facts)
    await audit.record(session, entry)
    if task.started_at is not None:
        message: dict[str, Any] = {"cancelled": True}
        await engine.send(
            session, task.name, message, topic=CONTROL, idempotency_key=f"{ask.event_key}:cancel"
        )
