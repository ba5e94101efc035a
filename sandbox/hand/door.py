"""The HTTP side of the hand: JSON in, JSON out, and the stream of changes."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.desk import Desk
from sandbox.feed import Change
from sandbox.hand.control import state
from sandbox.hand.gesture import Gesture, HandError
from sandbox.hand.table import ACTS
from sandbox.interaction import InteractionError
from sandbox.log import KEPT

HEARTBEAT_SECONDS = 10.0


async def act(desk: Desk, request: web.Request) -> web.Response:
    """Answer `POST /_sandbox/<act>`: status 200 wherever the act exists; `ok` says whether it was done."""
    name = request.match_info["act"]
    handler = ACTS.get(name)
    if handler is None:
        detail = f"There is no such act: use one of {', '.join(sorted(ACTS))}."
        return web.json_response(HandError("unknown_act", detail).answer(), status=404)
    try:
        body = await read_object(request)
        return web.json_response({"ok": True, **await handler(Gesture(desk, body))})
    except HandError as error:
        return web.json_response(error.answer())
    except InteractionError as error:
        return web.json_response({"ok": False, "error": error.error, "detail": error.detail})


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request; raises HandError `invalid_json`."""
    raw = await request.read()
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise HandError("invalid_json", "The body is not a JSON object: send one, for example {}.")
    return body


async def show_state(desk: Desk, request: web.Request) -> web.Response:
    """Answer `GET /_sandbox/state[?channel=C…&limit=N]`."""
    limit = request.query.get("limit", "")
    return web.json_response(
        state(desk, request.query.get("channel"), int(limit) if limit.isdigit() else None)
    )


async def show_log(desk: Desk, request: web.Request) -> web.Response:
    """Answer `GET /_sandbox/log[?after=ID&limit=N&kind=call|envelope|socket|…]`."""
    after, limit = request.query.get("after", ""), request.query.get("limit", "")
    entries = desk.log.entries(
        int(after) if after.isdigit() else 0,
        int(limit) if limit.isdigit() else KEPT,
        request.query.get("kind"),
    )
    return web.json_response({"ok": True, "entries": entries})


async def stream(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Answer `GET /_sandbox/events`: server-sent events, after `Last-Event-ID` or `?after=`."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    given = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
    with desk.feed.listen(int(given) if given.isdigit() else None) as queue:
        await response.write(b": hello\n\n")
        with suppress(ConnectionError):
            await _pump(queue, response)
    return response


async def _pump(queue: asyncio.Queue[Change | None], response: web.StreamResponse) -> None:
    while True:
        try:
            change = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            await response.write(b": heartbeat\n\n")
            continue
        if change is None:
            return
        await response.write(f"id: {change['id']}\ndata: {json.dumps(change)}\n\n".encode())
