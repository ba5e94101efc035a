"""The HTTP side of the world: `GET /_world`, `POST /_world/<act>`."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.desk import Desk
from sandbox.hand.door import read_object
from sandbox.hand.gesture import HandError
from sandbox.world import WorldError

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
        word, _, sentence = str(error).partition(": ")
        return web.json_response({"ok": False, "error": word, "detail": sentence})
    desk.feed.publish("world.changed", act=name)
    return web.json_response({"ok": True, **answer})


def _deploy(desk: Desk, body: Body) -> Body:
    version = body.get("version")
    if not isinstance(version, str) or not version:
        raise HandError("invalid_arguments", "'version' is missing: name the version to deploy.")
    key = str(body.get("idempotency_key") or desk.ids.make("hand-"))
    service = desk.world.deploy(_service(body), str(body.get("environment") or "production"), version, key)
    return {"version": service.version}


def _break(desk: Desk, body: Body) -> Body:
    desk.world.find(_service(body)).health = "degraded"
    return {}


def _fix(desk: Desk, body: Body) -> Body:
    desk.world.find(_service(body)).health = "healthy"
    return {}


def _accept(_desk: Desk, _body: Body) -> Body:
    return {}


def _service(body: Body) -> str:
    name = body.get("service")
    if not isinstance(name, str) or not name:
        raise HandError("invalid_arguments", "'service' is missing: name a service of GET /_world.")
    return name


_ACTS: dict[str, Callable[[Desk, Body], Body]] = {
    "break": _break,
    "change": _accept,
    "deploy": _deploy,
    "faults": _accept,
    "fix": _fix,
}
