"""The door of the Web API: token, faults, scope, rate limit, handler, log; in the order that Slack has."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.desk import Desk
from sandbox.faults import CallFault
from sandbox.identity import APP_TOKEN, BOT_TOKEN
from sandbox.web_api.call import Call, SlackError
from sandbox.web_api.known import KNOWN_METHODS
from sandbox.web_api.table import METHODS, Identity, Method


@dataclass(slots=True)
class Reply:
    """What goes back: the JSON body, the HTTP status, extra headers."""

    body: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


async def answer(desk: Desk, request: web.Request) -> web.Response:
    """Answer one call of `/api/<method>`."""
    started = time.perf_counter()
    method = request.match_info["method"]
    arguments = await _read_arguments(request)
    if desk.faults.api_latency_ms:
        await asyncio.sleep(desk.faults.api_latency_ms / 1000)
    reply = _decide(desk, request, method, arguments)
    latency = round((time.perf_counter() - started) * 1000, 3)
    desk.log.add(
        "call",
        method=method,
        arguments={key: value for key, value in arguments.items() if key != "token"},
        outcome="ok" if reply.body.get("ok") else reply.body.get("error", "failed"),
        status=reply.status,
        latency_ms=latency,
    )
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)


async def _read_arguments(request: web.Request) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.query)
    if request.method != "POST":
        return arguments
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = {}
        return arguments | body if isinstance(body, dict) else arguments
    return arguments | {key: value for key, value in (await request.post()).items() if isinstance(value, str)}


def _decide(desk: Desk, request: web.Request, name: str, arguments: dict[str, Any]) -> Reply:
    fault = desk.faults.take_call(name)
    if fault is not None and not fault.after:
        return _fail(fault)
    try:
        body = {"ok": True, **_run(desk, request, name, arguments)}
    except SlackError as error:
        if error.error == "ratelimited":
            return Reply(error.answer(), 429, {"Retry-After": str(error.extra["retry_after"])})
        return Reply(error.answer())
    if fault is not None:
        return _fail(fault)
    return Reply(body, headers={"x-oauth-scopes": ",".join(desk.manifest.scopes)})


def _run(desk: Desk, request: web.Request, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    method = METHODS.get(name)
    if method is None:
        raise _unknown(desk, name)
    _check_token(request, method, arguments)
    if desk.faults.revoked and method.identity is not Identity.NOBODY:
        raise SlackError("token_revoked")
    call = Call(desk, name, arguments)
    call.require_scope(*method.scopes)
    key = str(arguments.get("channel", "")) if method.per_channel else ""
    wait = desk.limits.take(name, method.tier, key)
    if wait is not None:
        raise SlackError("ratelimited", retry_after=wait)
    return method.handler(call)


def _unknown(desk: Desk, name: str) -> SlackError:
    if name in KNOWN_METHODS:
        sentence = (
            f"{name} exists in Slack and is not emulated by the sandbox: add it to sandbox/web_api/table.py."
        )
        desk.log.warn_aloud("not_emulated", sentence, method=name, outcome="not_emulated")
        return SlackError("not_emulated", detail=sentence)
    return SlackError("unknown_method", req_method=name)


def _check_token(request: web.Request, method: Method, arguments: dict[str, Any]) -> None:
    if method.identity is Identity.NOBODY:
        return
    header = request.headers.get("Authorization", "")
    token = header[7:].strip() if header[:7].lower() == "bearer " else str(arguments.get("token") or "")
    if not token:
        raise SlackError("not_authed")
    if token not in (BOT_TOKEN, APP_TOKEN):
        raise SlackError("invalid_auth")
    if token != method.identity.value:
        raise SlackError("not_allowed_token_type")


def _fail(fault: CallFault) -> Reply:
    if fault.retry_after is not None:
        body = {"ok": False, "error": "ratelimited"}
        return Reply(body, 429, {"Retry-After": str(fault.retry_after)})
    if fault.error is not None and fault.status is None:
        return Reply({"ok": False, "error": fault.error})
    return Reply({"ok": False, "error": fault.error or "internal_error"}, fault.status or 500)
