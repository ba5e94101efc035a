"""`/execute` from a request to a real effect: plan, approval, deployer, report. The bot is a real process."""

import asyncio

import pytest

from tests.support.hand import Hand, key_of, text_of
from tests.support.ops import Ops
from tests.support.process import BotProcess
from tests.support.wait import until


@pytest.fixture
def ops(hand: Hand, bot: BotProcess) -> Ops:
    return Ops(hand)


async def test_a_roll_back_in_production_needs_a_lead_and_has_one_effect(ops: Ops) -> None:
    task = await ops.execute("roll back checkout to v41")
    card = await ops.card(task, "Waits for approval")
    words = text_of(card)
    assert "high" in words
    assert "/_world/deployer/rollbacks" in words or "QD_DEPLOYER_URL" in words
    assert await ops.version() == "v42"

    await ops.click(card, "approval.approve", "U0DEV")
    await until(lambda: ops.whispers("U0DEV"), "the requester is told why not")
    await ops.click(card, "approval.approve", "U0ONCALL")
    await until(lambda: ops.whispers("U0ONCALL"), "on call is told why not")
    assert await ops.version() == "v42"

    assert (await ops.click(card, "approval.approve", "U0LEAD"))["ok"]
    done = await ops.card(task, "Done")
    assert "approval.approve" not in str(done["blocks"])
    assert await ops.version() == "v41"
    calls = [
        each for each in (await ops.world())["calls"] if each["idempotency_key"].startswith(f"T-{task}:")
    ]
    assert [each["effects"] for each in calls] == [1]

    async def report() -> list[str]:
        return [key_of(each) for each in await ops.hand.cards() if key_of(each) == f"report:{task}"]

    assert len(await until(report, "a report in the thread")) == 1
    status = await ops.status(task)
    assert "U0LEAD" in status
    assert f"T-{task}:1" in status


async def test_reading_runs_at_once(ops: Ops) -> None:
    task = await ops.execute("show the version of search")
    await ops.card(task, "Done")
    assert "v9" in await ops.status(task)


async def test_two_steps_in_order_and_a_failure_takes_the_first_back(ops: Ops) -> None:
    task = await ops.execute("deploy checkout v44 to staging, then to production")
    card = await ops.card(task, "Waits for approval")
    async with ops.hand.session.post(
        f"{ops.hand.url}/_world/faults", json={"mode": "body", "times": 0}
    ) as answer:
        assert answer.status == 200
    await ops.click(card, "approval.approve", "U0LEAD")
    await ops.card(task, "Failed")
    assert await ops.version() == "v42"


async def test_a_missing_version_is_asked_for_in_the_thread(ops: Ops) -> None:
    task = await ops.execute("deploy payments")
    card = await ops.card(task, "Needs an answer")
    await ops.hand.say("v18", thread_ts=card["ts"])
    await ops.card(task, "Waits for approval")
    assert "v18" in await ops.status(task)


async def test_an_honest_answer_where_no_action_fits(ops: Ops) -> None:
    task = await ops.execute("implement JWT authentication")
    card = await ops.card(task, "Failed")
    assert "no action" in text_of(card).lower()


async def test_a_rejection_says_why_and_ends_it(ops: Ops) -> None:
    task = await ops.execute("restart search")
    card = await ops.card(task, "Waits for approval")
    await ops.click(card, "approval.reject", "U0LEAD")
    assert (await ops.fill_in("U0LEAD", "not on a Friday"))["ok"]
    rejected = await ops.card(task, "Rejected")
    assert "not on a Friday" in text_of(rejected)
    assert "approval.reject" not in str(rejected["blocks"])


async def test_approve_and_reject_in_the_same_instant_give_one_outcome(ops: Ops) -> None:
    task = await ops.execute("deploy search v10")
    card = await ops.card(task, "Waits for approval")
    await asyncio.gather(
        ops.click(card, "approval.approve", "U0LEAD"), ops.click(card, "approval.approve", "U0MANAGER")
    )
    await ops.card(task, "Done")
    await until(lambda: _one_told(ops), "one of the two is told that it had ended")
    calls = [
        each for each in (await ops.world())["calls"] if each["idempotency_key"].startswith(f"T-{task}:")
    ]
    assert [each["effects"] for each in calls] == [1]


async def _one_told(ops: Ops) -> bool:
    return bool(await ops.whispers("U0LEAD")) != bool(await ops.whispers("U0MANAGER"))
