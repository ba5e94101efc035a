"""One step of a plan: the intent is a row, then the call is made, then the receipt is a row."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from domain.action import PortCall
from domain.approval import Approval, ApprovalState
from domain.audit import AuditEntry
from domain.execution import StepRecord, StepState
from domain.plan import Step
from domain.runner import Retry
from domain.task import TaskState
from storage import approval as approvals
from storage import audit
from storage import step as steps
from storage import task as tasks
from storage.database import Session, after_commit
from workflows import engine
from workflows.digest import digest
from workflows.port import perform
from workflows.services import Services
from workflows.view import show

GO, STOP = "go", "stop"
_OUTCOMES = {"done": StepState.DONE, "failed": StepState.FAILED, "in_doubt": StepState.IN_DOUBT}


async def find_step(session: Session, task: int, number: int) -> StepRecord | None:
    """The step with this number, if the plan has one."""
    return next((each for each in await steps.list_of(session, task) if each.number == number), None)


async def intend(session: Session, task: int, number: int) -> str:
    """Record that a step is about to be made. STOP after the last one, when the task is being cancelled, or when
    what would be done is not what was agreed to.
    """
    found = await tasks.find(session, task, lock=True)
    step = await find_step(session, task, number)
    if found is None or step is None or found.state is not TaskState.RUNNING:
        return STOP
    problem = _changed(step, await approvals.find_of_task(session, task))
    if problem:
        await steps.end(session, task, number, StepState.FAILED, {"outcome": "failed", "sentence": problem})
        await show(session, task)
        return STOP
    await steps.begin(session, task, number)
    facts: dict[str, str | int | bool | None] = {"step": number, "action": step.action, "digest": step.digest}
    await audit.record(
        session, AuditEntry("step.intended", "task", found.name, "system", found.correlation_id, facts)
    )
    await show(session, task)
    return GO


def _changed(step: StepRecord, approval: Approval | None) -> str | None:
    """Why a step is not what was agreed to, if so. Without an approval nobody had to agree."""
    action = engine.services(Services).catalogue.actions.get(step.action)
    if action is None:
        return f"There is no action {step.action} any more, so it was not done. Send the request again."
    if digest(Step(step.number, step.action, step.arguments), action) != step.digest:
        return "It is not what was agreed to any more (the catalogue was changed), so it was not done. Send it again."
    if approval is not None and not _covers(approval, step):
        return f"{approval.name} does not cover it, so it was not done. Send it again."
    return None


def _covers(approval: Approval, step: StepRecord) -> bool:
    agreed = approval.digests[step.number - 1 : step.number]
    return approval.state is ApprovalState.APPROVED and agreed == (step.digest,)


async def call(task: int, number: int) -> dict[str, Any]:
    """Make the call of a step and return its receipt. When an earlier process died in it, it is made again only if
    the action says that this is safe.
    """
    services = engine.services(Services)
    async with services.database.unit_of_work() as session:
        step = await find_step(session, task, number)
        approval = await approvals.find_of_task(session, task)
    assert step is not None  # noqa: S101 - its intent is recorded
    problem = _changed(step, approval)
    if problem and step.calls:
        lost = (
            "The process died while it was being done, and since then the catalogue was changed: please look."
        )
        return {"outcome": "in_doubt", "sentence": lost, "attempts": step.calls}
    if problem:
        return {"outcome": "failed", "sentence": problem}
    return await make_call(services, step, step.action, dict(step.arguments), step.key, undo=False)


async def make_call(
    services: Services, step: StepRecord, name: str, arguments: dict[str, Any], key: str, *, undo: bool
) -> dict[str, Any]:
    """The call of an action under an idempotency key. What a process died in may have been done: repeated, it is
    done or in doubt, and failed only where the other side plainly refuses it.
    """
    action = services.catalogue.actions[name]
    times = await steps.count_call(services.database, step.task, step.number, undo=undo)
    if times > 1 and not action.idempotent:
        sentence = (
            "The process died while it was being done, and it cannot be repeated safely."
            " Please look whether it happened."
        )
        return {"action": name, "outcome": "in_doubt", "sentence": sentence, "attempts": times}
    began = time.monotonic()
    if isinstance(action.call, PortCall):
        receipt = await perform(services, action.call.port, step, arguments, key)
    else:
        watch = partial(_tell_of_retry, services, step, undo=undo)
        made = await services.runner.run(action, arguments, key, watch, again=times > 1)
        receipt = {
            "outcome": made.outcome.value,
            "status": made.status,
            "sentence": made.sentence,
            "result": dict(made.result),
            "attempts": made.attempts,
        }
    return {**receipt, "action": name, "key": key, "seconds": round(time.monotonic() - began, 3)}


def _tell_of_retry(services: Services, step: StepRecord, retry: Retry, *, undo: bool) -> None:
    services.spawn("retry", _show_retry(services, step, retry, undo=undo))


async def _show_retry(services: Services, step: StepRecord, retry: Retry, *, undo: bool) -> None:
    """Say on the card that a call is repeated, unless it has ended meanwhile. It may be lost."""
    sentence = f"{retry.reason}; attempt {retry.attempt + 1} follows in {retry.wait_seconds:.1f} s"
    async with services.database.unit_of_work() as session:
        await tasks.find(session, step.task, lock=True)
        if await steps.note_retry(session, step.task, step.number, {"sentence": sentence}, undo=undo):
            await show(session, step.task)
    services.nudges.deliver()


def count(session: Session, receipt: Mapping[str, Any]) -> None:
    """Count what came of a call, and how long it took where it was made, once its receipt is kept."""
    measures, action = engine.services(Services).measures, receipt.get("action")
    if action is not None:
        after_commit(session, measures.step_outcomes.labels(action, receipt["outcome"]).inc)
    if "seconds" in receipt:
        after_commit(session, partial(measures.step_seconds.labels(action).observe, receipt["seconds"]))


async def keep_receipt(session: Session, task: int, number: int, receipt: dict[str, Any]) -> None:
    """Record what came of a step, and show it."""
    found = await tasks.find(session, task, lock=True)
    assert found is not None  # noqa: S101 - its intent is recorded
    await steps.end(session, task, number, _OUTCOMES[receipt["outcome"]], receipt)
    count(session, receipt)
    facts: dict[str, str | int | bool | None] = {
        "step": number,
        "outcome": receipt["outcome"],
        "status": receipt.get("status"),
    }
    await audit.record(
        session, AuditEntry("step.ended", "task", found.name, "system", found.correlation_id, facts)
    )
    await show(session, task)
