"""Taking back: after a failure in reverse order, and what a task comes to in the end."""

from typing import Any

from domain.audit import AuditEntry
from domain.execution import StepRecord, StepState
from domain.request import CannotUndo
from domain.task import TaskState
from storage import audit
from storage import step as steps
from storage import task as tasks
from storage.database import Session
from workflows import engine, patience
from workflows.planning import undo_step
from workflows.services import Services
from workflows.step import count, find_step, make_call
from workflows.view import show


async def settle(session: Session, number: int) -> list[int]:
    """After the last call: whether the task is done, cancelled, in doubt or failed; an end is written. Returns the
    steps that have to be taken back, in that order (none unless a step failed).
    """
    task = await tasks.find(session, number, lock=True)
    if task is None or task.state.ended:
        return []
    planned = await steps.list_of(session, number)
    states = {step.state for step in planned}
    if StepState.IN_DOUBT in states:
        await _end(session, number, TaskState.IN_DOUBT, _doubt(planned))
    elif StepState.FAILED in states:
        reverse = [step.number for step in reversed(planned) if step.state is StepState.DONE and _undo(step)]
        if reverse:
            await tasks.set_state(session, number, TaskState.COMPENSATING)
            await show(session, number)
        return reverse
    elif task.state is TaskState.CANCELLING:
        done = [step for step in planned if step.state is StepState.DONE]
        await _end(session, number, TaskState.CANCELLED, _stopped(done, len(planned)))
    else:
        await _end(session, number, TaskState.DONE, "")
    return []


async def _end(session: Session, number: int, state: TaskState, note: str) -> None:
    await tasks.end(session, number, state, note)
    await show(session, number)


def _doubt(planned: tuple[StepRecord, ...]) -> str:
    names = ", ".join(str(step.number) for step in planned if step.state is StepState.IN_DOUBT)
    rest = [step for step in planned if step.state is StepState.PLANNED]
    after = f" Nothing was done after it ({len(rest)} left)." if rest else ""
    return (
        f"Nobody can tell from here whether step {names} happened, so I stopped.{after} Please look what is true,"
        " and send again what is still wanted."
    )


def _stopped(done: list[StepRecord], total: int) -> str:
    if not done:
        return "Cancelled before anything was done."
    names = ", ".join(str(step.number) for step in done)
    return f"Stopped. Done by then: step {names} of {total}."


def _undo(step: StepRecord) -> bool:
    action = engine.services(Services).catalogue.actions.get(step.action)
    return action is not None and action.undo is not None


async def compensate(number: int) -> None:
    """Take back what was done, the last step first. Each under a key of its own."""
    for step in await engine.transaction("undo-order", _order, number):
        await engine.transaction(f"undo-intend-{step}", _intend, number, step)
        engine.services(Services).nudges.deliver()
        receipt = await patience.step(f"undo-call-{step}", _call, number, step)
        await engine.transaction(f"undo-receipt-{step}", _keep, number, step, receipt)


async def _order(session: Session, number: int) -> list[int]:
    planned = await steps.list_of(session, number)
    return [step.number for step in reversed(planned) if step.state is StepState.DONE and _undo(step)]


async def _intend(session: Session, number: int, step: int) -> None:
    await steps.begin_undo(session, number, step)
    await show(session, number)


async def _call(number: int, step_number: int) -> dict[str, Any]:
    services = engine.services(Services)
    async with services.database.unit_of_work() as session:
        step = await find_step(session, number, step_number)
    assert step is not None  # noqa: S101 - its undoing is intended
    try:
        back, arguments = undo_step(services.catalogue, step)
    except CannotUndo as error:
        return {"outcome": "failed", "sentence": error.sentence}
    return await make_call(services, step, back.name, dict(arguments), f"{step.key}:undo", undo=True)


async def _keep(session: Session, number: int, step: int, receipt: dict[str, Any]) -> None:
    task = await tasks.find(session, number, lock=True)
    assert task is not None  # noqa: S101 - it is being compensated
    state = StepState.UNDONE if receipt["outcome"] == "done" else StepState.UNDO_FAILED
    await steps.end_undo(session, number, step, state, receipt)
    count(session, receipt)
    facts: dict[str, str | int | bool | None] = {"step": step, "outcome": receipt["outcome"]}
    await audit.record(
        session, AuditEntry("step.undone", "task", task.name, "system", task.correlation_id, facts)
    )
    await show(session, number)
