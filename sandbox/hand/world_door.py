"""The HTTP side of the world: `GET /_world`, `POST /_world/<act>`."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.desk import Desk
from sandbox.hand.door import read_object
from sandbox.hand.gesture import HandError
from sandbox.world.deployer import read_word
from sandbox.world.service import WorldError

Body = dict[str, Any]


async def show(desk: Desk, _request: web.Request) -> web.Response:
    """Answer `GET /_world`."""
    return web.json_response({"ok": True, **desk.world.describe()})


async def act(desk: Desk, request: web.Request) -> web.Response:
    """Answer `POST /_world/<act>`."""
    name = request.match_info["act"]
    try:
        if name not in WORLD_ACTS:
            raise HandError("unknown_act", f"The world has no such act: use one of {', '.join(WORLD_ACTS)}.")
        answer = WORLD_ACTS[name](desk, await read_object(request))
    except HandError as error:
        return web.json_response(error.answer())
    except WorldError as error:
        return web.json_response(error.answer())
    if name != "deploy":  # the deployer tells of what it has done
        desk.feed.publish("world.changed", act=name)
    return web.json_response({"ok": True, **answer})


def _deploy(desk: Desk, body: Body) -> Body:
    key = body.get("idempotency_key")
    order = {
        "service": read_word(body, "service"),
        "environment": _word(body, "environment", "production"),
        "version": read_word(body, "version"),
    }
    return desk.world.deploy(order, str(key) if key else None)


def _break(desk: Desk, body: Body) -> Body:
    severity = _word(body, "severity", "critical")
    return desk.world.break_service(
        read_word(body, "service"), _word(body, "environment", "production"), severity
    )


def _fix(desk: Desk, body: Body) -> Body:
    return desk.world.fix_service(read_word(body, "service"), _word(body, "environment", "production"))


def _change(desk: Desk, body: Body) -> Body:
    name, merge = read_word(body, "service"), body.get("merge")
    if not isinstance(merge, bool | None):
        raise HandError("invalid_arguments", "'merge' must be true or false.")
    title = _word(body, "title", f"Change {name}")
    return desk.world.change(name, title, _word(body, "author", "dev"), bool(merge))


def _faults(desk: Desk, body: Body) -> Body:
    desk.world.deployer.faults.order(body)
    return {"faults": desk.world.deployer.faults.describe()}


def _word(body: Body, name: str, default: str) -> str:
    return read_word(body, name) if body.get(name) is not None else default


WORLD_ACTS: dict[str, Callable[[Desk, Body], Body]] = {
    "break": _break,
    "change": _change,
    "deploy": _deploy,
    "faults": _faults,
    "fix": _fix,
}
