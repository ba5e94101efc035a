"""A workflow's journal as a test sees it, and the points around each of its entries at which the bot may die."""

from collections.abc import Sequence

from tests.support.stage import Stage
from tests.support.trap import Point

CAUGHT_TOGETHER = 4


async def read_journal(stage: Stage, task: int) -> dict[int, str]:
    """The verbs of a task's workflow, by their number."""
    query = (
        "SELECT function_id, function_name FROM dbos.operation_outputs WHERE workflow_uuid = $1 ORDER BY 1"
    )
    return {row["function_id"]: row["function_name"] for row in await stage.rows.fetch(query, f"T-{task}")}


def is_transaction(verb: str) -> bool:
    """Whether a verb of the journal is a transaction of ours: it has a row that commits with what it does."""
    return not verb.startswith(("plan-", "call-", "undo-call-", "DBOS."))


def points_in(journal: dict[int, str]) -> list[Point]:
    """Around each entry of the journal: what it does is not committed; it is done, and its entry is not written.
    "Its entry is written and nothing more" is the first of these for the entry that follows.
    """
    found = []
    for number, name in journal.items():
        if is_transaction(name):
            itself = f"NEW.step_id = {number} AND NEW.workflow_id = 'T-{{task}}'"
            found.append(Point(name, "hold", "dbos.datasource_outputs", itself))
        recorded = f"NEW.function_id = {number} AND NEW.workflow_uuid = 'T-{{task}}'"
        found.append(Point(f"record of {name}", "hold", "dbos.operation_outputs", recorded))
    return found


def batches(points: Sequence[Point]) -> list[list[Point]]:
    """Points that the bot is caught at together, with a task each; more would take all of its connections."""
    return [list(points[start : start + CAUGHT_TOGETHER]) for start in range(0, len(points), CAUGHT_TOGETHER)]
