"""Services with versions, replicas and health, and what can be done to them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

HISTORY_KEPT = 1000
ENVIRONMENTS = ("production", "staging")
SEED = (
    ("checkout", "production", ("v40", "v41", "v42")),
    ("checkout", "staging", ("v43",)),
    ("payments", "production", ("v17",)),
    ("search", "production", ("v9",)),
    ("mobile-api", "production", ("v103",)),
    ("auth", "production", ("v5",)),
)


class WorldError(Exception):
    """The world cannot do it: an error word, and a sentence that names the fix."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error, self.detail = error, detail

    def answer(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"ok": False, "error": self.error, "detail": self.detail}


@dataclass(slots=True)
class Service:
    """One service in one environment. `history` holds its deployments: `{version, at, idempotency_key}`."""

    name: str
    environment: str
    version: str | None = None
    health: str = "healthy"
    replicas: int = 2
    restarts: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    migrations: list[dict[str, Any]] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """Return it as `GET /_world` shows it."""
        return {
            "name": self.name,
            "environment": self.environment,
            "version": self.version,
            "health": self.health,
            "replicas": self.replicas,
            "restarts": self.restarts,
            "history": list(self.history),
            "migrations": list(self.migrations),
        }

    def release(self, version: str, key: str) -> str | None:
        """Run `version` from now on. Returns the version before."""
        before, self.version = self.version, version
        self.history.append({"version": version, "at": now(), "idempotency_key": key})
        del self.history[:-HISTORY_KEPT]
        return before

    def find_previous(self) -> str:
        """Return the version that ran before the present one; raises WorldError `no_previous_version`."""
        for release in reversed(self.history):
            if release["version"] != self.version:
                version: str = release["version"]
                return version
        detail = (
            f"{self.name} ran nothing but {self.version} in {self.environment}: name the version to go to."
        )
        raise WorldError("no_previous_version", detail)

    def migrate(self, name: str, key: str) -> None:
        """Change its database."""
        self.migrations.append({"name": name, "at": now(), "idempotency_key": key})
        del self.migrations[:-HISTORY_KEPT]


class Services:
    """Every service that runs."""

    def __init__(self) -> None:
        self.all: list[Service] = [_seed(*each) for each in SEED]

    def get(self, name: str, environment: str = "production") -> Service:
        """Return the service; raises WorldError `service_not_found`."""
        for item in self.all:
            if (item.name, item.environment) == (name, environment):
                return item
        known = ", ".join(f"{item.name} ({item.environment})" for item in self.all) or "none"
        raise WorldError("service_not_found", f"There is no {name} in {environment}; what runs: {known}.")

    def place(self, name: str, environment: str) -> Service:
        """Return where a version may go: a known service may be new in staging or production."""
        self.require(name)
        if environment not in ENVIRONMENTS:
            return self.get(name, environment)
        for item in self.all:
            if (item.name, item.environment) == (name, environment):
                return item
        self.all.append(Service(name, environment))
        return self.all[-1]

    def require(self, name: str) -> None:
        """Raise WorldError `service_not_found` where nothing of this name runs in any environment."""
        names = list(dict.fromkeys(item.name for item in self.all))
        if name not in names:
            known = ", ".join(names) or "none"
            raise WorldError("service_not_found", f"There is no service {name}; what runs: {known}.")

    def remove(self, service: Service) -> None:
        """Make an end of it."""
        self.all.remove(service)


def now() -> str:
    """Return the present time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def _seed(name: str, environment: str, versions: tuple[str, ...]) -> Service:
    service = Service(name, environment)
    for version in versions:
        service.release(version, f"seed:{name}:{environment}:{version}")
    return service
