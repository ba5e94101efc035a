"""The deployer's HTTP API, under `/_world/deployer` of the sandbox's own address."""

import asyncio
import hmac
import json
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.world.fault import DeployerFault
from sandbox.world.service import WorldError
from sandbox.world.state import World

TOKEN = "sandbox-deployer"  # noqa: S105 - a fixed word, good for this program only
ROOT = "/_world/deployer"
LONGEST_KEY = 255
GONE_CHECK_SECONDS = 0.05
_STATUSES = {
    "idempotency_key_required": 400,
    "idempotency_key_reused": 422,
    "invalid_arguments": 400,
    "invalid_json": 400,
    "no_previous_version": 409,
    "not_found": 404,
    "service_not_found": 404,
    "unauthorized": 401,
}
WRITES = (
    ("POST", "deployments", "deploy"),
    ("POST", "rollbacks", "roll_back"),
    ("POST", "restarts", "restart"),
    ("POST", "scale", "scale"),
    ("POST", "migrations", "migrate"),
    ("DELETE", "services/{name}", "delete"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request comes to: a status, a JSON body, and headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] | None = None


def list_routes(world: World) -> list[web.RouteDef]:
    """Return every route of the API; what is none of it gets a 404 in JSON."""
    writes = [
        web.route(method, f"{ROOT}/{path}", partial(_write, world, action)) for method, path, action in WRITES
    ]
    return [
        *writes,
        web.get(f"{ROOT}/services/{{name}}", partial(_show, world)),
        web.route("*", f"{ROOT}{{path:.*}}", partial(_miss, world)),
    ]


async def _show(world: World, request: web.Request) -> web.StreamResponse:
    try:
        _check_token(request)
        service = world.services.get(
            request.match_info["name"], request.query.get("environment") or "production"
        )
    except WorldError as error:
        return _answer(_refusal(error))
    shown = service.describe()
    return web.json_response({"ok": True, "service": shown.pop("name"), **shown})


async def _miss(_world: World, request: web.Request) -> web.StreamResponse:
    paths = ", ".join(f"{method} {ROOT}/{path}" for method, path, _ in WRITES)
    return _answer(
        _refusal(WorldError("not_found", f"There is no {request.method} {request.path}: use {paths}."))
    )


async def _write(world: World, action: str, request: web.Request) -> web.StreamResponse:
    started = time.perf_counter()
    key = request.headers.get("Idempotency-Key", "").strip()
    fault: DeployerFault | None = None
    try:
        order = await _read(request, key)
        call = world.deployer.count(action, order, key)
        fault = world.deployer.faults.take(action, order)
        outcome = _prevent(fault)
        if outcome is None:
            again = {"Idempotent-Replayed": "true"} if call.answer else None
            outcome = Outcome(200, world.deployer.carry_out(call, action, order), again)
    except WorldError as error:
        outcome = _refusal(error)
    world.log.add(
        "deployer",
        action=action,
        idempotency_key=key,
        fault=fault.mode if fault else None,
        status=outcome.status,
        outcome="ok" if outcome.body["ok"] else outcome.body["error"],
        latency_ms=round((time.perf_counter() - started) * 1000, 3),
    )
    await _hold(world, fault, request)
    return _answer(outcome)


async def _read(request: web.Request, key: str) -> dict[str, Any]:
    _check_token(request)
    if not key or len(key) > LONGEST_KEY:
        detail = f"A write needs the header Idempotency-Key of 1 to {LONGEST_KEY} characters."
        raise WorldError("idempotency_key_required", detail)
    if request.method == "DELETE":
        environment = request.query.get("environment") or "production"
        return {"service": request.match_info["name"], "environment": environment}
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise WorldError("invalid_json", "The body is not a JSON object: send one.")
    return body


def _check_token(request: web.Request) -> None:
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {TOKEN}".encode()):
        raise WorldError("unauthorized", f"Send the header Authorization: Bearer {TOKEN}.")


def _prevent(fault: DeployerFault | None) -> Outcome | None:
    """Return the answer of a fault that keeps the write from its effect."""
    if fault is None or fault.mode in ("late", "lost"):
        return None
    detail = "The deployer was told to fail: POST /_world/faults orders and clears that."
    if fault.mode == "body":
        return Outcome(200, {"ok": False, "error": "deploy_failed", "detail": detail})
    return Outcome(fault.status, {"ok": False, "error": "internal_error", "detail": detail})


async def _hold(world: World, fault: DeployerFault | None, request: web.Request) -> None:
    """Keep the answer back, or cut the connection, as the fault says."""
    if fault is None:
        return
    if fault.mode == "late":
        await world.clock.sleep(fault.delay_s)
    if fault.mode == "hang":
        # Nothing tells a handler that its caller has gone, without being cancelled in the middle of its work.
        while request.transport is not None:  # noqa: ASYNC110
            await asyncio.sleep(GONE_CHECK_SECONDS)
    if fault.mode == "lost" and request.transport is not None:
        request.transport.abort()


def _refusal(error: WorldError) -> Outcome:
    return Outcome(_STATUSES.get(error.error, 400), error.answer())


def _answer(outcome: Outcome) -> web.Response:
    return web.json_response(outcome.body, status=outcome.status, headers=outcome.headers)
