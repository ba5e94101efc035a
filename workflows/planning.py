"""From a request to a plan: ask the planner, keep what it says, ask the person for what is missing."""

from typing import Any

from domain.action import Action, Catalogue, Value
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.execution import StepRecord, StepState
from domain.plan import Impossible, Inquiry, Outcome, Plan, Question, Step, Unsure
from domain.request import CannotUndo, describe, undo
from domain.task import Task, TaskState, task_name
from storage import audit, inbox
from storage import choice as choices
from storage import step as steps
from storage import task as tasks
from storage.database import Session
from workflows import engine
from workflows.digest import digest
from workflows.services import Services
from workflows.view import read_question, show, write_question

ANSWER_SECONDS = 7 * 24 * 3600.0
ACTION_KEY = "action"
UNDOES_KEY = "undoes"
"""The answer that makes a task the taking back of another one, by its number."""

PLANNED, WAITING, ENDED = "planned", "waiting", "ended"


async def make_plan(number: int) -> dict[str, Any]:
    """Ask the planner, with everything that was answered so far. Returns its outcome as JSON."""
    services = engine.services(Services)
    async with services.database.unit_of_work() as session:
        task = await tasks.find(session, number)
        planning = await tasks.get_planning(session, number)
    assert task is not None  # noqa: S101 - tasks are never deleted
    if UNDOES_KEY in planning.answers:
        outcome = await _plan_undo(services, int(planning.answers[UNDOES_KEY]))
    else:
        outcome = await services.planner.plan(Inquiry(task.request, planning.answers))
    match outcome:
        case Plan():
            described = [_describe(services, step) for step in outcome.steps]
            return {"steps": described, "agent": services.planner.name}
        case Question() | Unsure():
            return {"question": write_question(outcome)}
        case Impossible():
            return {"impossible": outcome.sentence}


async def _plan_undo(services: Services, number: int) -> Outcome:
    """What a task did, taken back in reverse order: a plan like any other, with its own risk and approval."""
    async with services.database.unit_of_work() as session:
        done = [step for step in await steps.list_of(session, number) if step.state is StepState.DONE]
    found: list[Step] = []
    for step in reversed(done):
        try:
            back, arguments = undo_step(services.catalogue, step)
        except CannotUndo as error:
            return Impossible(
                f"Step {step.number} of {task_name(number)} cannot be taken back: {error.sentence}"
            )
        found.append(Step(len(found) + 1, back.name, arguments))
    return (
        Plan(tuple(found))
        if found
        else Impossible(f"{task_name(number)} did nothing that could be taken back.")
    )


def undo_step(catalogue: Catalogue, step: StepRecord) -> tuple[Action, dict[str, Value]]:
    """The action that takes a step back that was done, with its arguments. Raises CannotUndo."""
    action = catalogue.actions.get(step.action)
    if action is None:
        raise CannotUndo(f"There is no action `{step.action}` any more.")
    return undo(catalogue, action, step.arguments, (step.receipt or {}).get("result") or {})


def _describe(services: Services, step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "action": step.action,
        "arguments": dict(step.arguments),
        "digest": digest(step, services.catalogue.actions[step.action]),
        "request": describe_request(services, step.action, dict(step.arguments)),
    }


def describe_request(services: Services, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The exact request of a step as approvers see it, nothing expanded."""
    request = describe(services.catalogue.actions[name], arguments)
    return {
        "method": request.method,
        "address": request.address,
        "headers": dict(request.headers),
        "body": request.body,
    }


async def keep_outcome(session: Session, task: Task, outcome: dict[str, Any]) -> str:
    """Write what the planner said of a locked task. Returns PLANNED (then the card is still to be shown), WAITING for
    an answer, or ENDED.
    """
    number = task.number
    result = PLANNED
    if "steps" in outcome:
        await steps.replace_all(session, number, outcome["steps"])
        await choices.offer(session, number, "", ())
        await tasks.note_planner(session, number, outcome["agent"])
        facts: dict[str, str | int | bool | None] = {
            f"step_{each['number']}": each["digest"] for each in outcome["steps"]
        }
        await audit.record(
            session, AuditEntry("task.planned", "task", task.name, "system", task.correlation_id, facts)
        )
    elif "question" in outcome:
        result = WAITING
        await tasks.ask(session, number, outcome["question"])
        question = read_question(outcome["question"])
        offered = question.actions if isinstance(question, Unsure) else question.choices if question else ()
        key = question.key if isinstance(question, Question) else ACTION_KEY
        await choices.offer(session, number, key, offered)
    else:
        result = ENDED
        await tasks.end(session, number, TaskState.FAILED, outcome["impossible"])
        await audit.record(
            session, AuditEntry("task.impossible", "task", task.name, "system", task.correlation_id)
        )
    if result != PLANNED:
        await show(session, number)
    return result


async def answer(session: Session, ask: Ask, number: int, value: str, key: str | None = None) -> bool:
    """Keep an answer to a task's open question and wake its workflow. False where it asks nothing (any more), or
    somebody else was asked.
    """
    task = await tasks.find(session, number, lock=True)
    if task is None or task.state is not TaskState.NEEDS_INPUT or task.requester != ask.person:
        return False
    planning = await tasks.get_planning(session, number)
    question = read_question(planning.question)
    asked = question.key if isinstance(question, Question) else ACTION_KEY
    if key is not None and key != asked:
        return False
    await tasks.add_answer(session, number, asked, value)
    await choices.offer(session, number, "", ())
    await show(session, number)
    await audit.record(
        session,
        AuditEntry("task.answered", "task", task.name, ask.person, ask.correlation_id, {"question": asked}),
    )
    await engine.send(
        session, task_name(number), {"answered": asked}, topic="control", idempotency_key=ask.event_key
    )
    return True


async def pick(services: Services, ask: Ask, choice_id: int) -> str | None:
    """Answer with what a button offered. Returns the sentence for the person where it did not count."""
    async with services.database.unit_of_work() as session:
        if not await inbox.claim(session, ask.event_key):
            return None
        found = await choices.find(session, choice_id)
        if found is None:
            return "This question was answered already."
        kept = await answer(session, ask, found.task, found.value, found.key)
    services.nudges.deliver()
    return None if kept else f"Only the person who asked for {task_name(found.task)} can answer this."


async def rehearse(services: Services, request: str, answers: dict[str, str]) -> Outcome:
    """What the planner would say, without a task."""
    return await services.planner.plan(Inquiry(request, answers))
