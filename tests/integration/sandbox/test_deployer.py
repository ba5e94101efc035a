"""The deployer behind the workspace, over real sockets: effects, keys, and what goes wrong on request."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from sandbox.server import serve
from tests.support.wait import until

Wait = Callable[..., Awaitable[Any]]
_numbers = itertools.count(1)


@dataclass
class Deployer:
    """Calls the deployer as the catalogue's actions do."""

    hand: Any
    token: str = "sandbox-deployer"
    answers: list[aiohttp.ClientResponse] = field(default_factory=list)

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = "new",
        timeout: float = 5,
        **query: str,
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["Idempotency-Key"] = f"T-{next(_numbers)}:1" if key == "new" else key
        async with self.hand.session.request(
            method,
            f"{self.hand.url}/_world/deployer/{path}",
            json=body,
            headers=headers,
            params=query,
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as response:
            self.answers.append(response)
            return response.status, await response.json()

    async def deploy(self, version: str = "v43", **options: Any) -> tuple[int, dict[str, Any]]:
        order = {"service": "checkout", "environment": "production", "version": version}
        return await self("POST", "deployments", order, **options)

    async def order_fault(self, **order: Any) -> None:
        async with self.hand.session.post(f"{self.hand.url}/_world/faults", json=order) as response:
            assert (await response.json())["ok"]

    async def service(self, name: str = "checkout", environment: str = "production") -> dict[str, Any] | None:
        found = (await self.hand.get("/_world"))["services"]
        return next((s for s in found if (s["name"], s["environment"]) == (name, environment)), None)

    async def call(self, key: str) -> dict[str, Any] | None:
        calls = (await self.hand.get("/_world"))["calls"]
        return next((call for call in calls if call["idempotency_key"] == key), None)


@pytest.fixture
def deployer(hand: Any) -> Deployer:
    return Deployer(hand)


async def test_a_deployment_changes_the_version_and_says_what_ran_before(deployer: Deployer) -> None:
    status, answer = await deployer.deploy("v43", key="T-1:1")
    assert status == 200
    assert (
        answer.items()
        >= {
            "ok": True,
            "service": "checkout",
            "environment": "production",
            "version": "v43",
            "previous_version": "v42",
        }.items()
    )
    assert answer["id"]
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v43"
    assert [item["version"] for item in service["history"]] == ["v40", "v41", "v42", "v43"]
    assert set(service["history"][-1]) == {"version", "at", "idempotency_key"}
    assert service["history"][-1]["idempotency_key"] == "T-1:1"


async def test_the_same_key_has_one_effect_and_repeats_the_first_answer(deployer: Deployer) -> None:
    first = await deployer.deploy("v43", key="T-1:1")
    again = await asyncio.gather(*(deployer.deploy("v43", key="T-1:1") for _ in range(5)))
    assert again == [first] * 5
    assert deployer.answers[-1].headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in deployer.answers[0].headers
    assert await deployer.call("T-1:1") == {
        "idempotency_key": "T-1:1",
        "requests": 6,
        "effects": 1,
        "action": "deploy",
    }
    service = await deployer.service()
    assert service is not None
    assert len(service["history"]) == 4


async def test_a_key_does_not_stand_for_two_requests(deployer: Deployer) -> None:
    await deployer.deploy("v43", key="T-1:1")
    status, answer = await deployer.deploy("v44", key="T-1:1")
    assert (status, answer["ok"], answer["error"]) == (422, False, "idempotency_key_reused")
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v43"


async def test_it_rolls_back_to_a_version_or_to_the_one_before(deployer: Deployer) -> None:
    order = {"service": "checkout", "environment": "production"}
    status, answer = await deployer("POST", "rollbacks", order)
    assert (status, answer["version"], answer["previous_version"]) == (200, "v41", "v42")
    _, answer = await deployer("POST", "rollbacks", {**order, "version": "v40"})
    assert (answer["version"], answer["previous_version"]) == ("v40", "v41")
    _, answer = await deployer("POST", "rollbacks", order)
    assert answer["version"] == "v41"
    status, answer = await deployer("POST", "rollbacks", {**order, "service": "payments"})
    assert (status, answer["error"]) == (409, "no_previous_version")


async def test_it_restarts_scales_and_migrates(deployer: Deployer) -> None:
    order = {"service": "payments", "environment": "production"}
    _, restarted = await deployer("POST", "restarts", order)
    _, scaled = await deployer("POST", "scale", {**order, "replicas": 5})
    _, migrated = await deployer("POST", "migrations", {**order, "name": "add_refunds"}, key="T-9:1")
    assert (restarted["ok"], restarted["version"]) == (True, "v17")
    assert (scaled["previous_replicas"], scaled["replicas"]) == (2, 5)
    assert migrated["name"] == "add_refunds"
    _, shown = await deployer("GET", "services/payments", key=None)
    assert (shown["restarts"], shown["replicas"], shown["version"]) == (1, 5, "v17")
    assert [(each["name"], each["idempotency_key"]) for each in shown["migrations"]] == [
        ("add_refunds", "T-9:1")
    ]


async def test_a_deleted_service_is_gone(deployer: Deployer) -> None:
    status, answer = await deployer("DELETE", "services/checkout", environment="staging", key="T-1:1")
    assert (status, answer["previous_version"]) == (200, "v43")
    assert await deployer("DELETE", "services/checkout", environment="staging", key="T-1:1") == (200, answer)
    assert await deployer.service("checkout", "staging") is None
    assert await deployer.service("checkout", "production") is not None
    status, answer = await deployer("GET", "services/checkout", environment="staging", key=None)
    assert (status, answer["error"]) == (404, "service_not_found")


async def test_a_known_service_can_be_brought_to_staging(deployer: Deployer) -> None:
    order = {"service": "search", "environment": "staging", "version": "v10"}
    status, answer = await deployer("POST", "deployments", order)
    assert (status, answer["previous_version"]) == (200, None)
    service = await deployer.service("search", "staging")
    assert service is not None
    assert service["version"] == "v10"


def at(service: str, environment: str) -> dict[str, Any]:
    return {"service": service, "environment": environment}


@pytest.mark.parametrize(
    ("path", "body", "key", "status", "error"),
    [
        ("deployments", {**at("nosuch", "production"), "version": "v1"}, "k", 404, "service_not_found"),
        ("deployments", {**at("checkout", "mars"), "version": "v1"}, "k", 404, "service_not_found"),
        ("restarts", {**at("payments", "staging")}, "k", 404, "service_not_found"),
        ("deployments", {**at("checkout", "production")}, "k", 400, "invalid_arguments"),
        ("deployments", {"service": 7, "environment": "production", "version": "v1"}, "k", 400, "invalid_arguments"),
        ("deployments", {**at("checkout", "production"), "version": "v" * 201}, "k", 400, "invalid_arguments"),
        ("scale", {**at("checkout", "production"), "replicas": -1}, "k", 400, "invalid_arguments"),
        ("scale", {**at("checkout", "production"), "replicas": True}, "k", 400, "invalid_arguments"),
        ("deployments", ["no object"], "k", 400, "invalid_json"),
        ("restarts", {**at("checkout", "production")}, None, 400, "idempotency_key_required"),
        ("restarts", {**at("checkout", "production")}, "k" * 256, 400, "idempotency_key_required"),
        ("nowhere", {}, "k", 404, "not_found"),
    ],
)  # fmt: skip
async def test_what_it_cannot_do_is_told_and_has_no_effect(
    deployer: Deployer, path: str, body: Any, key: str | None, status: int, error: str
) -> None:
    before = (await deployer.hand.get("/_world"))["services"]
    found, answer = await deployer("POST", path, body, key=key)
    assert (found, answer["ok"], answer["error"]) == (status, False, error)
    assert answer["detail"].endswith(".")
    assert (await deployer.hand.get("/_world"))["services"] == before
    assert all(call["effects"] == 0 for call in (await deployer.hand.get("/_world"))["calls"])


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_its_token_it_does_and_shows_nothing(hand: Any, method: str) -> None:
    stranger = Deployer(hand, token="guessed")
    path = "services/checkout" if method == "GET" else "restarts"
    body = None if method == "GET" else {"service": "checkout", "environment": "production"}
    status, answer = await stranger(method, path, body)
    assert (status, answer["error"]) == (401, "unauthorized")
    assert (await hand.get("/_world"))["calls"] == []


async def test_an_error_has_no_effect_and_the_same_key_succeeds_afterwards(deployer: Deployer) -> None:
    await deployer.order_fault(mode="error", times=2)
    assert [(await deployer.deploy(key="T-1:1"))[0] for _ in range(3)] == [500, 500, 200]
    call = await deployer.call("T-1:1")
    assert call is not None
    assert (call["requests"], call["effects"]) == (3, 1)


async def test_an_error_body_comes_with_status_200_and_has_no_effect(deployer: Deployer) -> None:
    await deployer.order_fault(mode="body")
    status, answer = await deployer.deploy()
    assert (status, answer["ok"], answer["error"]) == (200, False, "deploy_failed")
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v42"


async def test_a_hanging_deployer_never_answers_and_does_nothing(deployer: Deployer) -> None:
    await deployer.order_fault(mode="hang")
    with pytest.raises(TimeoutError):
        await deployer.deploy(timeout=0.4, key="T-1:1")
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v42"
    assert (await deployer.deploy(key="T-1:1"))[0] == 200


async def test_a_late_answer_has_had_its_effect_and_a_repeat_gets_the_same(
    deployer: Deployer, wait_until: Wait
) -> None:
    await deployer.order_fault(mode="late")
    with pytest.raises(TimeoutError):
        await deployer.deploy("v43", timeout=0.4, key="T-1:1")
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v43"
    status, _ = await deployer.deploy("v43", key="T-1:1")
    call = await deployer.call("T-1:1")
    assert call is not None
    assert (status, call["requests"], call["effects"]) == (200, 2, 1)


async def test_late_is_fifteen_seconds_of_the_sandboxes_clock_unless_told(deployer: Deployer) -> None:
    await deployer.hand.do("clock", scale=50)
    await deployer.order_fault(mode="late")
    started = time.monotonic()
    assert (await deployer.deploy())[0] == 200
    assert 0.25 < time.monotonic() - started < 3
    await deployer.hand.do("clock", scale=1)
    await deployer.order_fault(mode="late", delay_s=0.2)
    started = time.monotonic()
    assert (await deployer.deploy())[0] == 200
    assert 0.15 < time.monotonic() - started < 3


async def test_a_lost_answer_has_had_its_effect(deployer: Deployer) -> None:
    await deployer.order_fault(mode="lost")
    with pytest.raises(aiohttp.ClientError):
        await deployer.deploy("v43", key="T-1:1")
    service = await deployer.service()
    assert service is not None
    assert service["version"] == "v43"
    assert (await deployer.deploy("v43", key="T-1:1"))[0] == 200
    call = await deployer.call("T-1:1")
    assert call is not None
    assert (call["requests"], call["effects"]) == (2, 1)


async def test_faults_are_used_in_order_by_the_requests_they_are_meant_for(deployer: Deployer) -> None:
    await deployer.order_fault(mode="error", environment="production", times=0)
    await deployer.order_fault(mode="error", action="restart", status=503)
    staging = {"service": "checkout", "environment": "staging"}
    assert (await deployer("POST", "deployments", {**staging, "version": "v44"}))[0] == 200
    assert (await deployer("POST", "restarts", staging))[0] == 503
    assert (await deployer("POST", "restarts", staging))[0] == 200
    assert [(await deployer.deploy())[0] for _ in range(3)] == [500, 500, 500]
    await deployer.order_fault(clear=True)
    assert (await deployer.deploy())[0] == 200
    assert (await deployer.hand.get("/_world"))["faults"] == []


@pytest.mark.parametrize(
    "order", [{"mode": "meteor"}, {}, {"mode": "error", "times": -1}, {"mode": "late", "delay_s": ""}]
)
async def test_a_fault_that_does_not_exist_is_refused(hand: Any, order: dict[str, Any]) -> None:
    async with hand.session.post(f"{hand.url}/_world/faults", json=order) as response:
        answer = await response.json()
    assert (answer["ok"], answer["error"]) == (False, "invalid_arguments")


@pytest.mark.parametrize("mode", ["hang", "late"])
async def test_a_caller_that_still_waits_does_not_keep_the_sandbox_from_stopping(mode: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with serve() as running:
            deployer = Deployer(SimpleNamespace(session=session, url=running.url))
            await deployer.order_fault(mode=mode)
            waiting = asyncio.create_task(deployer.deploy(timeout=30))
            await until(lambda: running.desk.log.entries(kind="deployer"), "the request has arrived")
            started = time.monotonic()
        assert time.monotonic() - started < 2
        with pytest.raises(aiohttp.ClientError):
            await waiting
