"""A task as people see it, and the card that shows it. Every change of a task ends with `show`, in its transaction."""

from typing import Any

from blocks.task import task_card
from domain.execution import TaskView
from domain.plan import Question, Unsure
from domain.task import card_key
from storage import approval as approvals
from storage import card as cards
from storage import choice as choices
from storage import step as steps
from storage import task as tasks
from storage.database import Session


async def load(session: Session, number: int) -> TaskView | None:
    """The task with everything that belongs to it."""
    task = await tasks.find(session, number)
    if task is None:
        return None
    planning = await tasks.get_planning(session, number)
    return TaskView(
        task=task,
        steps=await steps.list_of(session, number),
        assessment=planning.assessment,
        approval=await approvals.find_of_task(session, number),
        question=read_question(planning.question),
        choices=await choices.list_of(session, number),
        note=planning.note,
    )


async def show(session: Session, number: int) -> None:
    """Want the task's card to show how it stands now."""
    view = await load(session, number)
    if view is not None:
        await cards.revise(session, card_key(number), task_card(view))


def write_question(question: Question | Unsure) -> dict[str, Any]:
    """The stored form of an open question."""
    if isinstance(question, Question):
        return {"key": question.key, "sentence": question.sentence, "choices": list(question.choices)}
    return {"sentence": question.sentence, "actions": list(question.actions)}


def read_question(stored: dict[str, Any] | None) -> Question | Unsure | None:
    """The open question from its stored form."""
    if stored is None:
        return None
    if "actions" in stored:
        return Unsure(stored["sentence"], tuple(stored["actions"]))
    return Question(stored["key"], stored["sentence"], tuple(stored["choices"]))
