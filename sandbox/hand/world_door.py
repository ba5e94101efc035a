"""The HTTP side of the world: `GET /_world`, `POST /_world/<act>`."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.desk import Desk
from sandbox.hand.door import read_object
from sandbox.hand.gesture import HandError
from sandbox.world.deployer import read_word
from sandbox.world.service import Service, WorldError

Body = dict[str, Any]


async def show(desk: Desk, _request: web.Request) -> web.Response:
    """Answer `GET /_world`."""
    return web.json_response({"ok": True, **desk.world.describe()})


async def act(desk: Desk, request: web.Request) -> web.Response:
    """Answer `POST /_world/<act>`."""
    name = request.match_info["act"]
    try:
        if name not in _ACTS:
            raise HandError("unknown_act", f"The world has no such act: use one of {', '.join(_ACTS)}.")
        answer = _ACTS[name](desk, await read_object(request))
    except HandError as error:
        return web.json_response(error.answer())
    except WorldError as error:
        return web.json_response(error.answer())
    desk.feed.publish("world.changed", act=name)
    return web.json_response({"ok": True, **answer})


def _deploy(desk: Desk, body: Body) -> Body:
    key = body.get("idempotency_key")
    order = {
        "service": body.get("service"),
        "environment": body.get("environment") or "production",
        "version": body.get("version"),
    }
    return desk.world.deploy(order, str(key) if key else None)


def _break(desk: Desk, body: Body) -> Body:
    _find(desk, body).health = "degraded"
    return {}


def _fix(desk: Desk, body: Body) -> Body:
    _find(desk, body).health = "healthy"
    return {}


def _faults(desk: Desk, body: Body) -> Body:
    desk.world.deployer.faults.order(body)
    return {"faults": desk.world.deployer.faults.describe()}


def _accept(_desk: Desk, _body: Body) -> Body:
    return {}


def _find(desk: Desk, body: Body) -> Service:
    return desk.world.services.get(read_word(body, "service"), str(body.get("environment") or "production"))


_ACTS: dict[str, Callable[[Desk, Body], Body]] = {
    "break": _break,
    "change": _accept,
    "deploy": _deploy,
    "faults": _faults,
    "fix": _fix,
}
