"""Every HTTP address, one line each."""

from aiohttp import web

from handlers.http import health
from handlers.http.api import approval
from handlers.http.api.caller import GATE, Gate
from handlers.http.api.fault import answer_faults
from handlers.http.health import PROBE, Probe


def create(probe: Probe, gate: Gate) -> web.Application:
    """The HTTP application."""
    app = web.Application(middlewares=[answer_faults])
    app[PROBE] = probe
    app[GATE] = gate
    app.add_routes(
        [
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", health.metrics),
            web.get("/api/v1/approvals", approval.list_all),
            web.get("/api/v1/approvals/statistics", approval.summarize),
            web.get("/api/v1/approvals/{name}", approval.show),
            web.post("/api/v1/approvals/{name}", approval.decide),
        ]
    )
    return app
