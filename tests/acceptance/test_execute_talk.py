"""What people say and press while a task is under way: answers, choices, forms, questions about it, second thoughts."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.postgres import Cluster
from tests.support.hand import text_of
from tests.support.office import Office, open_office
from tests.support.wait import until


@pytest.fixture(scope="module")
async def office(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot with everything as it is packaged."""
    async with open_office(cluster, tmp_path_factory.mktemp("talk")) as office:
        yield office


async def test_cancelled_while_it_waits_nothing_was_done(office: Office) -> None:
    task = await office.execute("restart search")
    card = await office.card(task, "Waits for approval")
    assert "not yours" in await office.private(f"/cancel T-{task}", user="U0ONCALL")
    assert "Nothing had been done" in await office.private(f"/cancel T-{task}", user="U0MANAGER")
    cancelled = await office.card(task, "Cancelled by somebody else than who asked for it")
    assert "approval.approve" not in str(cancelled["blocks"])
    assert not (await office.click(card, "approval.approve", "U0LEAD"))["ok"]
    assert await office.effects(task) == {}


async def test_cancelled_while_it_runs_stops_after_the_step_and_can_be_undone_once(office: Office) -> None:
    before = await office.version("checkout", "staging")
    await office.fault("late", action="deploy", service="checkout", environment="staging", delay_s=1)
    task = await office.execute("deploy checkout v77 to staging, then to production")
    await office.approve(task, "U0LEAD")
    running = await office.card(task, "▶️ 1.")
    assert (await office.click(running, "task.cancel", "U0DEV"))["ok"]
    await office.card(task, "Stopping")
    stopped = await office.card(task, "Stopped. Done by then: step 1 of 2.")
    assert await office.version("checkout", "staging") == "v77"
    assert await office.effects(task) == {"1": 1}

    await asyncio.gather(*[office.click(stopped, "task.undo", "U0DEV") for _ in range(2)])
    back = await until(lambda: office.find_task(f"Undo T-{task}"), "taking back is a task of its own")
    await office.card(back, "Waits for approval")
    assert await office.version("checkout", "staging") == "v77"
    await office.click(stopped, "task.undo", "U0DEV")
    await office.told("U0DEV", f"T-{back} takes T-{task} back already")
    await office.approve(back, "U0LEAD")
    await office.card(back, "Done")
    assert await office.version("checkout", "staging") == before
    undoing = [each for each in await office.hand.cards() if f"Undo T-{task}" in text_of(each)]
    assert len(undoing) == 1


async def test_status_lists_what_is_open_and_shows_one_task_in_full(office: Office) -> None:
    task = await office.execute("restart search")
    await office.card(task, "Waits for approval")
    listed = await office.private("/status")
    assert f"T-{task}" in listed
    assert "restart search" in listed
    await office.approve(task, "U0LEAD")
    await office.card(task, "Done")
    shown = await office.status(task)
    for words in (
        "restart",
        "search",
        "approved by <@U0LEAD> (tech lead)",
        f"receipt T-{task}:1",
        "HTTP 200",
    ):
        assert words in shown, words
    assert f"T-{task}" not in await office.private("/status")


async def test_a_question_is_answered_by_whom_it_was_asked(office: Office) -> None:
    task = await office.execute("deploy payments to staging")
    card = await office.card(task, "Needs an answer")
    await office.hand.say("v99", user="U0LEAD", thread_ts=card["ts"])
    await office.hand.say("banana", thread_ts=card["ts"])
    await office.card(task, "“banana” is not a version")
    await office.hand.say("v21", thread_ts=card["ts"])
    words = text_of(await office.card(task, "Waits for approval"))
    assert "v21" in words
    assert "v99" not in words
    await office.private(f"/cancel T-{task}")


async def test_an_offered_answer_is_picked_by_whom_it_was_asked(office: Office) -> None:
    task = await office.execute("search staging")
    card = await office.card(task, "Needs an answer")
    offered = [
        (block["block_id"], text_of({"blocks": [block]}))
        for block in card["blocks"]
        if (block.get("accessory") or {}).get("action_id") == "choice.pick"
    ]
    block_id = next(block_id for block_id, words in offered if "restart" in words)
    press = {"channel": "C0OPS", "ts": card["ts"], "action_id": "choice.pick", "block_id": block_id}
    assert (await office.hand("click", user="U0LEAD", **press))["ok"]
    await office.told("U0LEAD", f"Only the person who asked for T-{task}")
    assert (await office.hand("click", user="U0DEV", **press))["ok"]
    await office.card(task, "Waits for approval")
    await office.private(f"/cancel T-{task}")


async def test_an_empty_execute_opens_a_form_that_checks_its_fields(office: Office) -> None:
    answer = await office.hand(
        "command", user="U0DEV", channel="C0OPS", command="/execute", text="", wait_s=0
    )
    assert answer["ok"], answer
    form = await office.form("U0DEV", "form.action")
    chosen = await office.hand(
        "select", user="U0DEV", view_id=form["id"], action_id="form.action", value="deploy"
    )
    assert chosen["ok"], chosen
    form = await office.form("U0DEV", "parameter:version")
    values: dict[str, Any] = {
        "parameter:service": {"service": "auth"},
        "parameter:version": {"version": "the newest"},
        "parameter:environment": {"environment": "staging"},
        "note": {"note": "for the demo"},
    }
    wrong = await office.hand("submit", user="U0DEV", view_id=form["id"], values=values)
    assert list(wrong["errors"]) == ["parameter:version"], wrong
    assert "version" in wrong["errors"]["parameter:version"]
    values["parameter:version"] = {"version": "v61"}
    sent = await office.hand("submit", user="U0DEV", view_id=form["id"], values=values)
    assert sent["ok"], json.dumps(sent)
    task = await until(lambda: office.find_task("for the demo"), "the form has become a task")
    words = text_of(await office.card(task, "Waits for approval"))
    assert "v61" in words
    await office.private(f"/cancel T-{task}")
