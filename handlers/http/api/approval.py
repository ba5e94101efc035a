"""`/api/v1/approvals`: list, look at, decide, and the figures of the last thirty days."""

import re
from typing import Any

from aiohttp import web

from domain.approval import ApprovalState, Refusal
from handlers.http.api.body import read_object
from handlers.http.api.caller import authenticate, open_gate, read_person
from handlers.http.api.fault import Fault
from workflows import docket

DOOR = "http"
STATUSES = {Refusal.ENDED: 409, Refusal.EXPIRED: 409, Refusal.REASON_MISSING: 400}
_KEY = re.compile(r"[!-~]{1,200}")


async def list_all(request: web.Request) -> web.Response:
    """`GET /api/v1/approvals?state=pending` -> `{approvals: […]}`."""
    services = open_gate(request)
    person = _reader(request)
    try:
        state = ApprovalState(request.query.get("state", ApprovalState.PENDING))
    except ValueError:
        known = ", ".join(ApprovalState)
        raise Fault(400, "unknown_state", f"There is no such state: use one of {known}.") from None
    return web.json_response({"approvals": await docket.list_in(services, person, state)})


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/approvals/A-3`."""
    services = open_gate(request)
    return web.json_response(await docket.get(services, _reader(request), _number(request)))


async def decide(request: web.Request) -> web.Response:
    """`POST /api/v1/approvals/A-3 {decision: approve|reject, reason?, user?}` -> the approval, with `detail` and
    `repeated`.
    """
    services = open_gate(request)
    person = authenticate(request)
    body = await read_object(request)
    person = person or read_person(body.get("user", request.query.get("user")))
    number = _number(request)
    ruling = await docket.rule(
        services,
        person,
        number,
        approve=_read_decision(body),
        reason=docket.read_reason(body.get("reason")),
        door=DOOR,
        key=_read_key(request),
    )
    if ruling.refusal is not None:
        raise Fault(STATUSES.get(ruling.refusal, 403), ruling.refusal.value, ruling.sentence)
    entry = await docket.get(services, person, number)
    return web.json_response({**entry, "detail": ruling.sentence, "repeated": ruling.repeated})


async def summarize(request: web.Request) -> web.Response:
    """`GET /api/v1/approvals/statistics`."""
    services = open_gate(request)
    _reader(request)
    return web.json_response(await docket.summarize(services))


def _reader(request: web.Request) -> str:
    return authenticate(request) or read_person(request.query.get("user"))


def _number(request: web.Request) -> int:
    name = request.match_info["name"]
    if not re.fullmatch(r"A-[0-9]{1,15}", name):
        raise Fault(404, "not_found", "There is no such approval: they are called A-1, A-2 and so on.")
    return int(name.removeprefix("A-"))


def _read_decision(body: dict[str, Any]) -> bool:
    decision = body.get("decision")
    if decision not in ("approve", "reject"):
        raise Fault(400, "invalid_decision", '`decision` is missing or unknown: send "approve" or "reject".')
    return bool(decision == "approve")


def _read_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        sentence = "An Idempotency-Key has 1 to 200 visible ASCII characters: send another."
        raise Fault(400, "invalid_key", sentence)
    return key
