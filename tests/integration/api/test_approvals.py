"""`/api/v1/approvals` of a running bot: what a program sees and does, and what people see of it in Slack."""

import asyncio

from tests.integration.api.conftest import Api
from tests.support.hand import key_of, text_of
from tests.support.ops import Ops
from tests.support.process import BotProcess
from tests.support.wait import until


async def ask(ops: Ops, request: str = "roll back checkout to v41") -> tuple[int, str]:
    """A task that waits, and the name of its approval."""
    task = await ops.execute(request)
    card = await ops.card(task, "Waits for approval")
    [name] = {
        each["value"]
        for block in card["blocks"]
        for each in block.get("elements", [])
        if each.get("action_id") == "approval.approve"
    }
    return task, name


async def test_a_decision_through_http_is_worth_as_much_as_a_click(ops: Ops, api: Api) -> None:
    task, name = await ask(ops)

    [waiting] = await api.pending()
    assert (waiting["id"], waiting["task"], waiting["state"]) == (name, f"T-{task}", "pending")
    assert (waiting["level"], waiting["requester"], waiting["missing"]) == ("high", "U0DEV", 1)
    assert waiting["request"] == "roll back checkout to v41"
    assert waiting["steps"][0]["request"]["address"].endswith("/rollbacks")
    assert waiting["steps"][0]["arguments"]["version"] == "v41"
    assert "one lead" in waiting["needs"]

    made = await api.approve(name, "U0LEAD")
    assert (made.status, made.body["state"], made.body["repeated"]) == (200, "approved", False)
    assert [(each["person"], each["role"]) for each in made.body["decisions"]] == [("U0LEAD", "tech_lead")]

    done = await ops.card(task, "Done")
    assert "<@U0LEAD>" in text_of(done)
    assert await ops.version() == "v41"
    assert await api.pending() == []
    assert (await api("GET", f"/approvals/{name}", user="U0DEV")).body["task_state"] == "done"
    [ended] = (await api("GET", "/approvals?state=approved", user="U0LEAD")).body["approvals"]
    assert ended["ended_at"] > ended["created_at"]


async def test_who_may_not_decide_is_told_why(ops: Ops, api: Api) -> None:
    _, name = await ask(ops)

    own = await api.approve(name, "U0DEV")
    assert own.error == (403, "own_request")
    assert "others have to decide" in own.body["detail"]
    assert (await api.approve(name, "U0ONCALL")).error == (403, "not_a_role")
    assert (await api.approve("A-99", "U0LEAD")).error == (404, "not_found")
    assert (await api("GET", "/approvals/A-99", user="U0LEAD")).error == (404, "not_found")
    no_reason = await api("POST", f"/approvals/{name}", {"decision": "reject"}, user="U0LEAD")
    assert no_reason.error == (400, "reason_missing")
    [waiting] = await api.pending()
    assert (waiting["state"], waiting["decisions"]) == ("pending", [])

    body = {"decision": "reject", "reason": "not on a Friday"}
    assert (await api("POST", f"/approvals/{name}", body, user="U0MANAGER")).body["state"] == "rejected"
    assert (await api.approve(name, "U0LEAD")).error == (409, "ended")
    assert await ops.version() == "v42"


async def test_somebody_without_a_role_sees_what_they_asked_for_and_nothing_else(ops: Ops, api: Api) -> None:
    _, name = await ask(ops)

    assert [each["id"] for each in await api.pending("U0DEV")] == [name]
    assert await api.pending("U0GUEST") == []
    assert (await api("GET", f"/approvals/{name}", user="U0GUEST")).error == (403, "not_allowed")
    assert [each["id"] for each in await api.pending("U0ONCALL")] == [name]


async def test_the_same_request_under_one_key_counts_once(ops: Ops, api: Api, bot: BotProcess) -> None:
    task, name = await ask(ops, "run migration 0042_add_index on payments")
    body = {"decision": "approve", "reason": "it is tested"}

    async def send(user: str, key: str = "k-1") -> tuple[int, bool]:
        made = await api("POST", f"/approvals/{name}", body, user=user, headers={"Idempotency-Key": key})
        return made.status, made.body["repeated"]

    sent = await asyncio.gather(*(send("U0LEAD") for _ in range(3)))
    assert sorted(sent) == [(200, False), (200, True), (200, True)]
    again = await api("POST", f"/approvals/{name}", body, user="U0LEAD", headers={"Idempotency-Key": "k-2"})
    assert again.error == (403, "already_decided")
    [waiting] = await api.pending()
    assert (waiting["missing"], len(waiting["decisions"])) == (1, 1)

    assert await send("U0MANAGER") == (200, False), "another person's key is another key"
    await ops.card(task, "Done")
    for line in [
        'approval_decisions_total{decision="approved",risk_level="critical"} 2.0',
        'approval_wait_seconds_count{risk_level="critical"} 1.0',
        'approval_requests_total{risk_level="critical"} 1.0',
    ]:
        assert await _shows(bot, line), line


async def test_a_refused_request_is_refused_again_under_its_key(ops: Ops, api: Api) -> None:
    _, name = await ask(ops)
    key = {"Idempotency-Key": "k-1"}

    for _ in range(2):
        assert (await api.approve(name, "U0ONCALL", headers=key)).error == (403, "not_a_role")
    for _ in range(2):
        empty = await api("POST", f"/approvals/{name}", {"decision": "reject"}, user="U0LEAD", headers=key)
        assert empty.error == (400, "reason_missing")
    mended = {"decision": "reject", "reason": "not now"}
    made = await api("POST", f"/approvals/{name}", mended, user="U0LEAD", headers=key)
    assert (made.status, made.body["state"]) == (200, "rejected")


async def test_a_click_and_a_call_in_the_same_instant_count_once(ops: Ops, api: Api) -> None:
    task, name = await ask(ops)
    card = await ops.card(task, "Waits for approval")

    _, called = await asyncio.gather(
        ops.click(card, "approval.approve", "U0LEAD"), api.approve(name, "U0MANAGER")
    )
    await ops.card(task, "Done")
    decided = (await api("GET", f"/approvals/{name}", user="U0LEAD")).body["decisions"]
    assert len(decided) == 1
    assert called.status == (200 if decided[0]["person"] == "U0MANAGER" else 409)

    reports = [each for each in await ops.hand.cards() if key_of(each) == f"report:{task}"]
    assert len(reports) == 1


async def test_statistics_and_metrics_tell_what_was_decided(ops: Ops, api: Api, bot: BotProcess) -> None:
    approved, first = await ask(ops)
    _, second = await ask(ops, "restart search")
    await ask(ops, "deploy payments v18 to staging")
    await api.approve(first, "U0LEAD")
    card = await ops.card(approved, "Done")
    assert card
    await api("POST", f"/approvals/{second}", {"decision": "reject", "reason": "no"}, user="U0LEAD")

    found = (await api("GET", "/approvals/statistics", user="U0DEV")).body
    high, medium, low = found["levels"]["high"], found["levels"]["medium"], found["levels"]["low"]
    assert found["days"] == 30
    assert (high["requested"], high["approved"], high["rejected"], high["pending"]) == (2, 1, 1, 0)
    assert high["median_wait_seconds"] > 0
    assert (medium["requested"], medium["pending"], medium["median_wait_seconds"]) == (1, 1, None)
    assert low["requested"] == 0
    assert (found["total"]["requested"], found["total"]["approved"]) == (3, 1)

    await until(
        lambda: _shows(bot, 'approval_decisions_total{decision="rejected",risk_level="high"} 1.0'),
        "it counts",
    )
    for line in [
        'approval_requests_total{risk_level="high"} 2.0',
        'approval_requests_total{risk_level="medium"} 1.0',
        'approval_requests_total{risk_level="critical"} 0.0',
        'approval_decisions_total{decision="approved",risk_level="high"} 1.0',
        'approval_wait_seconds_count{risk_level="high"} 2.0',
        'approval_expirations_total{risk_level="high"} 0.0',
        'step_outcomes_total{action="roll_back",outcome="done"} 1.0',
        'step_seconds_count{action="roll_back"} 1.0',
        'tasks{state="awaiting_approval"} 1.0',
        'tasks{state="running"} 0.0',
    ]:
        assert await _shows(bot, line), line


async def _shows(bot: BotProcess, line: str) -> bool:
    return line in (await bot.get("/metrics"))[1].splitlines()
