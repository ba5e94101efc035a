"""The packaged catalogue against the sandbox's deployer: what is asked for is done, and can be taken back."""

from typing import Any

import aiohttp
import pytest

from agents.planner import RulesPlanner
from bot.catalogue import load
from domain.action import Catalogue, HttpCall
from domain.plan import Inquiry, Plan
from domain.request import CannotUndo, undo
from domain.runner import Receipt, RunOutcome
from integrations.http_action import HttpActions


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def runner(sandbox_url: str) -> HttpActions:
    names = {"QD_DEPLOYER_URL": f"{sandbox_url}/_world/deployer", "QD_DEPLOYER_TOKEN": "sandbox-deployer"}
    return HttpActions(names, backoff_seconds=0.01)


async def _carry_out(
    catalogue: Catalogue, runner: HttpActions, request: str, key: str = "T-1"
) -> list[Receipt]:
    plan = RulesPlanner(catalogue).outcome(Inquiry(request))
    assert isinstance(plan, Plan)
    return [
        await runner.run(catalogue.actions[step.action], step.arguments, f"{key}:{step.number}")
        for step in plan.steps
    ]


async def _service(sandbox_url: str, name: str, environment: str) -> dict[str, Any] | None:
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox_url}/_world") as response:
        services = (await response.json())["services"]
    found = [each for each in services if (each["name"], each["environment"]) == (name, environment)]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("request_text", "service", "environment", "field", "value"),
    [
        ("deploy checkout v43", "checkout", "production", "version", "v43"),
        ("roll back checkout", "checkout", "production", "version", "v41"),
        ("roll back checkout to v40", "checkout", "production", "version", "v40"),
        ("restart payments", "payments", "production", "restarts", 1),
        ("scale search to 7", "search", "production", "replicas", 7),
    ],
)
async def test_what_is_asked_for_is_so_afterwards(
    catalogue: Catalogue,
    runner: HttpActions,
    sandbox_url: str,
    request_text: str,
    service: str,
    environment: str,
    field: str,
    value: Any,
) -> None:
    [receipt] = await _carry_out(catalogue, runner, request_text)
    assert receipt.outcome is RunOutcome.DONE, receipt.sentence
    found = await _service(sandbox_url, service, environment)
    assert found is not None
    assert found[field] == value


async def test_every_http_action_of_the_catalogue_works_in_the_sandbox(
    catalogue: Catalogue, runner: HttpActions
) -> None:
    over_http = [each for each in catalogue.actions.values() if isinstance(each.call, HttpCall)]
    planner = RulesPlanner(catalogue)
    # Deleting comes last, and the examples of showing speak of services that must still be there.
    for number, action in enumerate(sorted(over_http, key=lambda each: each.effect == "delete")):
        plan = planner.outcome(Inquiry(action.examples[0]))
        assert isinstance(plan, Plan)
        receipt = await runner.run(action, plan.steps[0].arguments, f"T-{number}:1")
        assert receipt.outcome is RunOutcome.DONE, receipt.sentence


@pytest.mark.parametrize(
    ("request_text", "service", "field"),
    [
        ("deploy checkout v43", "checkout", "version"),
        ("roll back checkout", "checkout", "version"),
        ("scale search to 7", "search", "replicas"),
    ],
)
async def test_what_was_done_can_be_taken_back(
    catalogue: Catalogue, runner: HttpActions, sandbox_url: str, request_text: str, service: str, field: str
) -> None:
    before = await _service(sandbox_url, service, "production")
    plan = RulesPlanner(catalogue).outcome(Inquiry(request_text))
    assert isinstance(plan, Plan)
    assert before is not None
    action, arguments = catalogue.actions[plan.steps[0].action], plan.steps[0].arguments
    receipt = await runner.run(action, arguments, "T-1:1")
    back, back_arguments = undo(catalogue, action, arguments, receipt.result)
    receipt = await runner.run(back, back_arguments, "T-1:1:undo")
    assert receipt.outcome is RunOutcome.DONE, receipt.sentence
    after = await _service(sandbox_url, service, "production")
    assert after is not None
    assert after[field] == before[field]


async def test_the_first_version_in_a_place_cannot_be_taken_back(
    catalogue: Catalogue, runner: HttpActions
) -> None:
    plan = RulesPlanner(catalogue).outcome(Inquiry("deploy search v10 to staging"))
    assert isinstance(plan, Plan)
    action, arguments = catalogue.actions["deploy"], plan.steps[0].arguments
    receipt = await runner.run(action, arguments, "T-1:1")
    with pytest.raises(CannotUndo, match="previous_version"):
        undo(catalogue, action, arguments, receipt.result)


async def test_an_answer_that_comes_too_late_is_found_by_its_key(
    catalogue: Catalogue, runner: HttpActions, sandbox_url: str
) -> None:
    async with aiohttp.ClientSession() as session:
        await session.post(f"{sandbox_url}/_world/faults", json={"mode": "lost", "times": 2})
        [receipt] = await _carry_out(catalogue, runner, "deploy checkout v43", "T-9")
        async with session.get(f"{sandbox_url}/_world") as response:
            calls = (await response.json())["calls"]
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.DONE, 3)
    [call] = [each for each in calls if each["idempotency_key"] == "T-9:1"]
    assert (call["requests"], call["effects"]) == (3, 1)


async def test_what_the_deployer_refuses_is_said_in_its_words(
    catalogue: Catalogue, runner: HttpActions
) -> None:
    [first, second] = await _carry_out(catalogue, runner, "delete search; restart search")
    assert first.outcome is RunOutcome.DONE
    assert (second.outcome, second.status) == (RunOutcome.FAILED, 404)
    assert "service_not_found" in second.sentence
    assert "sandbox-deployer" not in second.sentence
