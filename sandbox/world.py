"""The world behind the workspace: services with versions and health. A real deployer comes later."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CALLS_KEPT = 5000
HISTORY_KEPT = 1000


class WorldError(Exception):
    """The world cannot do it; the text is an error word and, after a colon, a sentence that names the fix."""


@dataclass(slots=True)
class Service:
    """One service in one environment."""

    name: str
    environment: str
    version: str
    health: str = "healthy"
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """How often a deployment was asked for under one idempotency key, and how often it took effect."""

    idempotency_key: str
    requests: int = 0
    effects: int = 0


class World:
    """Services and the deployments that were asked for."""

    def __init__(self, bot_url: str | None = None, scenario: str | None = None) -> None:
        self.bot_url, self.scenario = bot_url, scenario
        self.services: list[Service] = [
            _service("checkout", "production", "v40", "v41", "v42"),
            _service("checkout", "staging", "v43"),
            _service("payments", "production", "v17"),
            _service("search", "production", "v9"),
            _service("mobile-api", "production", "v103"),
            _service("auth", "production", "v5"),
        ]
        self._calls: dict[str, Call] = {}

    def describe(self) -> dict[str, Any]:
        """Return `{services, calls}` as `GET /_world` answers."""
        return {
            "services": [
                {
                    "name": item.name,
                    "environment": item.environment,
                    "version": item.version,
                    "health": item.health,
                    "history": list(item.history),
                }
                for item in self.services
            ],
            "calls": [
                {"idempotency_key": item.idempotency_key, "requests": item.requests, "effects": item.effects}
                for item in self._calls.values()
            ],
        }

    def find(self, name: str, environment: str = "production") -> Service:
        """Return the service; raises WorldError `service_not_found`."""
        for item in self.services:
            if (item.name, item.environment) == (name, environment):
                return item
        known = ", ".join(sorted({f"{item.name} ({item.environment})" for item in self.services}))
        raise WorldError(f"service_not_found: There is no {name} in {environment}: name one of {known}.")

    def deploy(self, name: str, environment: str, version: str, idempotency_key: str) -> Service:
        """Bring a version out; a second call with the same key changes nothing."""
        service = self.find(name, environment)
        if len(self._calls) >= CALLS_KEPT and idempotency_key not in self._calls:
            self._calls.pop(next(iter(self._calls)))
        call = self._calls.setdefault(idempotency_key, Call(idempotency_key))
        call.requests += 1
        if call.effects == 0:
            call.effects += 1
            service.version = version
            service.history.append(_release(version, idempotency_key))
            del service.history[:-HISTORY_KEPT]
        return service


def _service(name: str, environment: str, *versions: str) -> Service:
    history = [_release(version, f"seed:{name}:{environment}:{version}") for version in versions]
    return Service(name, environment, versions[-1], history=history)


def _release(version: str, idempotency_key: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"version": version, "at": now, "idempotency_key": idempotency_key}
