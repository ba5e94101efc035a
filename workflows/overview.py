"""How things stand, for one person in one channel, and for one task."""

from blocks.task import describe, describe_briefly
from blocks.undelivered import explain
from domain.card import CardState, Content
from domain.errors import NotFound
from domain.overview import Fault, Overview
from domain.task import card_key, task_name
from storage import card as cards
from storage import outbox as outboxes
from storage import task as tasks
from workflows.services import Services
from workflows.view import load

_LISTED = 50


async def gather(services: Services, person: str, channel: str, *, public: bool = False) -> Overview:
    """The facts behind `/status`. A public answer does not show what its asker does elsewhere."""
    async with services.database.unit_of_work() as session:
        open_tasks = await tasks.list_open(session, requester=person, channel=channel, limit=_LISTED)
        faults = await outboxes.list_faults(session, person, channel)
        failed = await outboxes.count_failed(session)
    shown = [task for task in open_tasks if task.channel == channel or not public]
    return Overview(
        tasks=shown,
        elsewhere=len(open_tasks) - len(shown),
        faults=[Fault(each.channel, explain(each.fault), each.fault_at, each.waiting) for each in faults],
        failed=failed,
        backlog=await outboxes.count_backlog(services.database),
        slack=services.vitals.slack(),
        engine=services.vitals.engine(),
    )


async def describe_task(
    services: Services, number: int, person: str, channel: str, *, public: bool = False
) -> Content:
    """The answer to `/status T-n`. What was asked for is told in the task's own channel, and in private to the person
    who asked for it; elsewhere only how it stands. Raises NotFound.
    """
    async with services.database.unit_of_work() as session:
        view = await load(session, number)
        trouble = await cards.find_trouble(session, card_key(number))
    if view is None:
        raise NotFound(f"There is no {task_name(number)}. `/qd status` lists the open tasks.")
    if view.task.channel != channel and (public or view.task.requester != person):
        return describe_briefly(view.task)
    return describe(view, _explain_trouble(trouble))


def _explain_trouble(trouble: tuple[str, str | None] | None) -> str | None:
    if trouble is None:
        return None
    state, error = trouble
    if state == CardState.GONE:
        return "Its card was deleted in Slack."
    if state == CardState.FAILED:
        return f"Its card cannot be shown: Slack says {error}."
    if error:
        return f"Its card is not up to date yet: {error}."
    return None
