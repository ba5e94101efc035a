"""A mistake in the middle of a workflow: the task ends with a sentence, and no replay makes it silent."""

from pathlib import Path

from bot.postgres import Cluster
from domain.task import TaskState
from tests.support.hand import text_of
from tests.support.stage import Stage, set_stage
from tests.support.wait import until

REFUSE = """
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse();
"""


async def ended(stage: Stage, task: int) -> TaskState:
    async def look() -> TaskState | None:
        state = await stage.state(task)
        return state if state.ended else None

    state: TaskState = await until(look, f"T-{task} ends")
    await until(lambda: stage.shown(f"report:{task}"), "the report")
    return state


async def test_a_task_that_cannot_go_on_says_so(cluster: Cluster, tmp_path: Path) -> None:
    async with set_stage(cluster, tmp_path) as stage:
        await stage.rows.execute(REFUSE.format(table="approval", when="NEW.task = 1"))
        unasked = await stage.ops.execute("deploy checkout v50")
        assert await ended(stage, unasked) is TaskState.FAILED
        assert "mistake" in text_of(await stage.ops.card(unasked, "Failed"))

        await stage.rows.execute("DROP TRIGGER refuse ON approval")
        await stage.rows.execute(REFUSE.format(table="step", when="NEW.state = 'done'"))
        unkept = await stage.ops.execute("deploy checkout v51")
        await until(lambda: stage.approve(unkept), "it is approved")
        assert await ended(stage, unkept) is TaskState.IN_DOUBT
        assert "Please look" in text_of(await stage.ops.card(unkept, "In doubt"))

        before = await stage.calls(unkept)
        await stage.bot.kill()
        await stage.bot.start()
        await stage.settled()
        assert not await stage.repeated()
        assert await stage.calls(unkept) == before
