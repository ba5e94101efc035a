"""Every HTTP address, one line each."""

from aiohttp import web

from handlers.http import health
from handlers.http.health import PROBE, Probe


def create(probe: Probe) -> web.Application:
    """The HTTP application."""
    app = web.Application()
    app[PROBE] = probe
    app.add_routes(
        [
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", health.metrics),
        ]
    )
    return app
