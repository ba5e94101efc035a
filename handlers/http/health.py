"""`/healthz`, `/readyz` and `/metrics`."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from domain.overview import Readiness


@dataclass(frozen=True)
class Probe:
    """How to ask how things are, and where the metrics are."""

    readiness: Callable[[], Awaitable[Readiness]]
    measure: Callable[[], Awaitable[None]]
    registry: CollectorRegistry


PROBE = web.AppKey("probe", Probe)


async def healthz(request: web.Request) -> web.Response:
    """The process answers: nothing more."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Whether work is taken. A lost Slack is a field, since restarting would not mend it."""
    readiness = await request.app[PROBE].readiness()
    return web.json_response(asdict(readiness), status=200 if readiness.status == "ready" else 503)


async def metrics(request: web.Request) -> web.Response:
    """Everything we count, in Prometheus' text format."""
    probe = request.app[PROBE]
    await probe.measure()
    return web.Response(body=generate_latest(probe.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
