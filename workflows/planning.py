"""From a request to a plan: ask the planner, keep what it says, ask the person for what is missing."""

import logging
from collections.abc import Mapping
from typing import Any

from domain.action import Action, Catalogue, Value
from domain.argument import WrongValue, check
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.errors import QuarterdeckError
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

log = logging.getLogger(__name__)

ANSWER_SECONDS = 7 * 24 * 3600.0
ACTION_KEY = "action"
UNDOES_KEY = "undoes"
"""The answer that makes a task the taking back of another one, by its number."""
FORM_KEY = "form"
"""The answer that names the action which was chosen in the form: the plan is that, whatever the words."""

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
    elif FORM_KEY in planning.answers:
        outcome = _plan_form(services.catalogue, planning.answers)
    else:
        outcome = await _ask_planner(services, Inquiry(task.request, planning.answers))
    match outcome:
        case Plan():
            return _write_plan(services, outcome)
        case Question() | Unsure():
            return {"question": write_question(outcome)}
        case Impossible():
            return {"impossible": outcome.sentence}


async def _ask_planner(services: Services, inquiry: Inquiry) -> Outcome:
    try:
        return await services.planner.plan(inquiry)
    except Exception:
        # Repeating would not help, and a task that plans for ever is worse than one that says why it does not.
        log.exception("The planner failed", extra={"request": inquiry.request})
        return Impossible(
            "I could not make a plan of this, which is a defect of mine. Nothing was done: try other words, or the"
            " form that an empty `/execute` opens."
        )


def _write_plan(services: Services, plan: Plan) -> dict[str, Any]:
    try:
        described = [_describe(services, step) for step in plan.steps]
    except QuarterdeckError as error:
        return {"impossible": f"{error.sentence} Nothing was done: say it with another value."}
    return {"steps": described, "agent": services.planner.name}


def read_form(catalogue: Catalogue, name: str, values: Mapping[str, str]) -> dict[str, str]:
    """The answers that a form filled in for this action comes to; its note is no part of the plan. Raises WrongValue
    for the first value that is none.
    """
    check(catalogue.actions[name], values, catalogue.services)
    return {FORM_KEY: name, **{f"1.{parameter}": value for parameter, value in values.items()}}


def _plan_form(catalogue: Catalogue, answers: Mapping[str, str]) -> Outcome:
    action = catalogue.actions.get(answers[FORM_KEY])
    if action is None:
        return Impossible(f"There is no action `{answers[FORM_KEY]}` any more.")
    values = {key.removeprefix("1."): value for key, value in answers.items() if key.startswith("1.")}
    try:
        return Plan((Step(1, action.name, check(action, values, catalogue.services)),))
    except WrongValue as error:
        return Impossible(error.sentence)


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
