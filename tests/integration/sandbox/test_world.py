"""What happens in the world reaches the bot as real systems tell it: signed webhooks, in order, with retries."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from sandbox.server import serve

Wait = Callable[..., Awaitable[Any]]


@dataclass
class Intake:
    """A bot that keeps every webhook and answers as told: each status once, then the last for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [202])
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    silent: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.posts.append((request.path, dict(request.headers), body))
        if self.silent is not None:
            await self.silent.wait()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.json_response({"delivery": "1"}, status=status)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.posts]

    @property
    def events(self) -> list[str]:
        return [headers.get("X-GitHub-Event", "") for _, headers, _ in self.posts]


@asynccontextmanager
async def listen(intake: Intake, port: int = 0) -> AsyncIterator[None]:
    app = web.Application()
    app.add_routes([web.post("/webhooks/{provider}", intake.take)])
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        intake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def intake(hand: Any) -> AsyncIterator[Intake]:
    """A bot that the sandbox has been told of."""
    bot = Intake()
    async with listen(bot):
        await hand.do("bot", url=bot.url)
        yield bot


async def order(hand: Any, act: str, **body: Any) -> dict[str, Any]:
    async with hand.session.post(f"{hand.url}/_world/{act}", json=body) as response:
        found: dict[str, Any] = await response.json()
        return found


async def do(hand: Any, act: str, **body: Any) -> dict[str, Any]:
    answer = await order(hand, act, **body)
    assert answer["ok"], answer
    return answer


async def service(hand: Any, name: str = "checkout") -> dict[str, Any]:
    services = (await hand.get("/_world"))["services"]
    found: dict[str, Any] = next(s for s in services if (s["name"], s["environment"]) == (name, "production"))
    return found


async def post_to_deployer(hand: Any, path: str, key: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sandbox-deployer", "Idempotency-Key": key}
    address = f"{hand.url}/_world/deployer/{path}"
    async with hand.session.post(address, json=body, headers=headers) as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


async def test_the_services_are_those_of_the_contract(hand: Any) -> None:
    found = {(s["name"], s["environment"]): s for s in (await hand.get("/_world"))["services"]}
    assert {place: s["version"] for place, s in found.items()} == {
        ("checkout", "production"): "v42",
        ("checkout", "staging"): "v43",
        ("payments", "production"): "v17",
        ("search", "production"): "v9",
        ("mobile-api", "production"): "v103",
        ("auth", "production"): "v5",
    }
    assert {s["health"] for s in found.values()} == {"healthy"}
    history = found["checkout", "production"]["history"]
    assert [release["version"] for release in history] == ["v40", "v41", "v42"]
    assert all(set(release) == {"version", "at", "idempotency_key"} for release in history)
    assert all(datetime.fromisoformat(release["at"]).tzinfo for release in history)


async def test_a_deployment_by_hand_counts_as_a_call_only_with_a_key(hand: Any) -> None:
    await do(hand, "deploy", service="checkout", environment="production", version="v41")
    for _ in range(2):
        await do(hand, "deploy", service="checkout", version="v44", idempotency_key="k1")
    found = await service(hand)
    assert (found["version"], len(found["history"])) == ("v44", 5)
    assert len({release["idempotency_key"] for release in found["history"]}) == 5
    assert (await hand.get("/_world"))["calls"] == [
        {"idempotency_key": "k1", "requests": 2, "effects": 1, "action": "deploy"}
    ]


@pytest.mark.parametrize("by", ["hand", "deployer"])
async def test_a_deployment_is_told_as_github_tells_it(
    hand: Any, intake: Intake, wait_until: Wait, by: str
) -> None:
    where = {"service": "checkout", "environment": "production", "version": "v43"}
    if by == "hand":
        await do(hand, "deploy", **where)
    else:
        for _ in range(2):
            await post_to_deployer(hand, "deployments", "T-1:1", **where)
    await wait_until(lambda: len(intake.posts) == 2)
    assert intake.events == ["deployment", "deployment_status"]
    for path, headers, body in intake.posts:
        assert path == "/webhooks/github"
        digest = hmac.new(b"sandbox", body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
        assert headers["Content-Type"] == "application/json"
    assert len({headers["X-GitHub-Delivery"] for _, headers, _ in intake.posts}) == 2
    deployment, told = intake.bodies
    assert told["deployment"] == deployment["deployment"]
    assert (told["action"], told["deployment_status"]["state"]) == ("created", "success")
    assert (told["deployment_status"]["environment"], told["deployment"]["ref"]) == ("production", "v43")
    assert len(told["deployment"]["sha"]) == 40
    assert told["repository"]["name"] == "checkout"
    assert told["deployment_status"]["created_at"].endswith("Z")


async def test_a_rollback_is_a_deployment_of_the_commit_that_ran_before(
    hand: Any, intake: Intake, wait_until: Wait
) -> None:
    where = {"service": "checkout", "environment": "production"}
    for version in ("v43", "v44"):
        await do(hand, "deploy", **where, version=version)
    await post_to_deployer(hand, "rollbacks", "T-1:1", **where)
    await post_to_deployer(hand, "restarts", "T-1:2", **where)
    await wait_until(lambda: len(intake.posts) == 6)
    told = [body["deployment"] for body in intake.bodies[1::2]]
    assert [each["ref"] for each in told] == ["v43", "v44", "v43"]
    assert told[0]["sha"] == told[2]["sha"] != told[1]["sha"]
    assert told[0]["id"] < told[1]["id"] < told[2]["id"]


async def test_a_broken_service_fires_and_its_repair_resolves_the_same_alert(
    hand: Any, intake: Intake, wait_until: Wait
) -> None:
    await do(hand, "break", service="checkout", severity="high")
    assert (await service(hand))["health"] == "degraded"
    await do(hand, "fix", service="checkout")
    assert (await service(hand))["health"] == "healthy"
    await do(hand, "fix", service="checkout")
    await wait_until(lambda: len(intake.posts) == 2)
    for path, headers, _ in intake.posts:
        assert path == "/webhooks/prometheus"
        assert headers["Authorization"] == "Bearer sandbox"
    firing, resolved = intake.bodies
    assert (firing["version"], firing["status"], resolved["status"]) == ("4", "firing", "resolved")
    assert firing["groupKey"] == resolved["groupKey"]
    [one], [same] = firing["alerts"], resolved["alerts"]
    assert one["labels"] == firing["commonLabels"]
    assert (
        one["labels"].items()
        >= {
            "service": "checkout",
            "environment": "production",
            "severity": "high",
        }.items()
    )
    assert one["fingerprint"] == same["fingerprint"]
    assert one["startsAt"] == same["startsAt"]
    assert one["endsAt"].startswith("0001-01-01")
    assert datetime.fromisoformat(same["endsAt"]) >= datetime.fromisoformat(same["startsAt"])


async def test_breaking_again_is_the_same_alert_and_another_severity_another(
    hand: Any, intake: Intake, wait_until: Wait
) -> None:
    for severity in ("low", "low", "critical"):
        await do(hand, "break", service="auth", severity=severity)
    await wait_until(lambda: len(intake.posts) == 4)
    alerts = [body["alerts"][0] for body in intake.bodies]
    assert [(a["status"], a["labels"]["severity"]) for a in alerts] == [
        ("firing", "low"),
        ("firing", "low"),
        ("resolved", "low"),
        ("firing", "critical"),
    ]
    assert len({alert["fingerprint"] for alert in alerts}) == 2
    assert alerts[0]["startsAt"] == alerts[1]["startsAt"] == alerts[2]["startsAt"] < alerts[3]["startsAt"]


async def test_a_service_that_is_deleted_fires_no_longer(hand: Any, intake: Intake, wait_until: Wait) -> None:
    await do(hand, "break", service="auth")
    headers = {"Authorization": "Bearer sandbox-deployer", "Idempotency-Key": "T-1:1"}
    async with hand.session.delete(f"{hand.url}/_world/deployer/services/auth", headers=headers) as response:
        assert response.status == 200
    await wait_until(lambda: [body["status"] for body in intake.bodies] == ["firing", "resolved"])


async def test_a_change_is_a_pull_request_and_merged_a_push_that_the_next_version_contains(
    hand: Any, intake: Intake, wait_until: Wait
) -> None:
    opened = await do(hand, "change", service="checkout")
    merged = await do(hand, "change", service="checkout", title="Round prices up", author="lead", merge=True)
    await do(hand, "deploy", service="checkout", version="v43")
    await do(hand, "deploy", service="checkout", version="v44")
    await wait_until(lambda: len(intake.posts) == 8)
    assert intake.events[:4] == ["pull_request", "pull_request", "pull_request", "push"]
    first, second, closed, push = intake.bodies[:4]
    assert (first["action"], first["pull_request"]["user"]["login"]) == ("opened", "dev")
    assert first["number"] == opened["number"] < second["number"] == merged["number"]
    assert second["pull_request"]["title"] == "Round prices up"
    assert (closed["action"], closed["pull_request"]["merged"]) == ("closed", True)
    assert closed["pull_request"]["merge_commit_sha"] == push["after"] == merged["sha"]
    assert push["ref"] == "refs/heads/main"
    assert [commit["id"] for commit in push["commits"]] == [merged["sha"]]
    contains, later = (body["deployment"]["sha"] for body in intake.bodies[5::2])
    assert contains == merged["sha"] != later


@pytest.mark.parametrize(
    ("act", "body", "error"),
    [
        ("deploy", {"service": "nosuch", "version": "v1"}, "service_not_found"),
        ("deploy", {"service": "checkout"}, "invalid_arguments"),
        ("deploy", {"version": "v1"}, "invalid_arguments"),
        ("break", {"service": "nosuch"}, "service_not_found"),
        ("break", {"service": "checkout", "severity": "terrible"}, "invalid_arguments"),
        ("fix", {"service": "checkout", "environment": "mars"}, "service_not_found"),
        ("change", {"service": "nosuch"}, "service_not_found"),
        ("change", {"service": "checkout", "merge": "yes"}, "invalid_arguments"),
        ("explode", {}, "unknown_act"),
    ],
)
async def test_what_cannot_happen_is_told_and_nobody_hears_of_it(
    hand: Any, act: str, body: dict[str, Any], error: str
) -> None:
    answer = await order(hand, act, **body)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["detail"].endswith(".")
    assert await hand.log("webhook") == []
    assert {s["health"] for s in (await hand.get("/_world"))["services"]} == {"healthy"}


async def test_a_bot_that_is_away_for_a_moment_gets_all_in_order(hand: Any, wait_until: Wait) -> None:
    bot = Intake(statuses=[503, 429, 202])
    port = unused_port()
    await hand.do("clock", scale=20)
    await hand.do("bot", url=f"http://127.0.0.1:{port}/")
    await do(hand, "deploy", service="checkout", version="v43")
    assert (await hand.get("/_world"))["webhooks"]["backlog"] == 2
    async with listen(bot, port):
        await wait_until(lambda: len(bot.posts) == 4)
        assert bot.events == ["deployment", "deployment", "deployment", "deployment_status"]
        assert len({headers["X-GitHub-Delivery"] for _, headers, _ in bot.posts[:3]}) == 1
        entries = await wait_until(lambda: logged(hand, 2))
    assert [(e["event"], e["status"], e["outcome"]) for e in entries] == [
        ("deployment", 202, "ok"),
        ("deployment_status", 202, "ok"),
    ]
    assert entries[0]["attempts"] > 2
    assert entries[1]["attempts"] == 1


async def test_a_bot_that_stays_away_is_given_up_and_logged(hand: Any, wait_until: Wait) -> None:
    await hand.do("clock", scale=1000)
    await hand.do("bot", url=f"http://127.0.0.1:{unused_port()}")
    await do(hand, "break", service="checkout")
    [entry] = await wait_until(lambda: logged(hand, 1))
    assert (entry["status"], entry["outcome"], entry["attempts"]) == (None, "unreachable", 6)


@pytest.mark.parametrize("status", [400, 401])
async def test_a_refusal_is_logged_and_not_repeated(
    hand: Any, intake: Intake, wait_until: Wait, status: int
) -> None:
    intake.statuses = [status]
    await do(hand, "break", service="checkout")
    [entry] = await wait_until(lambda: logged(hand, 1))
    assert (entry["status"], entry["outcome"], entry["attempts"]) == (status, "refused", 1)


async def test_a_bot_without_an_intake_is_mentioned_once(hand: Any, intake: Intake, wait_until: Wait) -> None:
    intake.statuses = [404]
    for version in ("v43", "v44", "v45"):
        await do(hand, "deploy", service="checkout", version=version)
    await wait_until(lambda: len(intake.posts) == 6)
    [entry] = await wait_until(lambda: logged(hand, 1))
    assert (entry["status"], entry["outcome"]) == (404, "no_intake")


async def test_a_bot_that_does_not_answer_holds_nobody_up(
    hand: Any, intake: Intake, wait_until: Wait
) -> None:
    intake.silent = asyncio.Event()
    for number in range(20):
        await asyncio.wait_for(do(hand, "deploy", service="checkout", version=f"v{50 + number}"), 2)
    await do(hand, "break", service="search")
    await wait_until(lambda: len(intake.posts) == 2)
    assert sorted(path for path, _, _ in intake.posts) == ["/webhooks/github", "/webhooks/prometheus"]
    intake.silent.set()
    await wait_until(lambda: len(intake.posts) == 41)


async def test_without_the_bots_address_it_is_noted_and_not_sent_later(hand: Any, wait_until: Wait) -> None:
    await do(hand, "deploy", service="checkout", version="v43")
    entries = await logged(hand, 2)
    assert {entry["outcome"] for entry in entries} == {"no_bot_url"}
    bot = Intake()
    async with listen(bot):
        await hand.do("bot", url=bot.url)
        await do(hand, "break", service="checkout")
        await wait_until(lambda: bot.posts)
        assert [path for path, _, _ in bot.posts] == ["/webhooks/prometheus"]


async def test_the_address_can_be_given_at_the_start(wait_until: Wait) -> None:
    bot = Intake()
    async with listen(bot), serve(bot_url=f"{bot.url}/") as running, aiohttp.ClientSession() as session:
        async with session.post(f"{running.url}/_world/break", json={"service": "auth"}) as response:
            assert (await response.json())["ok"]
        await wait_until(lambda: bot.posts)
        assert bot.posts[0][0] == "/webhooks/prometheus"


@pytest.mark.parametrize(
    "url", ["http://bot.example:8080", "http://10.0.0.7", "ftp://127.0.0.1", "127.0.0.1:8080", "http://[", 7]
)
async def test_webhooks_go_to_loopback_only(hand: Any, url: Any) -> None:
    answer = await hand("bot", url=url)
    assert (answer["ok"], answer["error"]) == (False, "invalid_arguments")
    assert (await hand.get("/_world"))["webhooks"]["bot_url"] is None


async def logged(hand: Any, count: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = await hand.log("webhook")
    return entries if len(entries) >= count else []
