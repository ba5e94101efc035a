"""The monitor: one alert for each broken service, told in Alertmanager's format (version 4)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.world.courier import Courier
from sandbox.world.service import Service, WorldError, now
from sandbox.world.webhook import authorize_alertmanager

ALERT = "HighErrorRate"
SEVERITIES = ("critical", "high", "medium", "low", "warning", "info")
ZERO_TIME = "0001-01-01T00:00:00Z"
ADDRESS = "https://alertmanager.example"

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fires."""

    labels: dict[str, str]
    started_at: str

    @property
    def fingerprint(self) -> str:
        """What stays the same as long as the labels do: 16 hex digits."""
        text = "\xff".join(f"{name}={value}" for name, value in sorted(self.labels.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Monitor:
    """Watches the services' health and tells of it."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._firing: dict[Place, Alert] = {}

    def report(self, service: Service, severity: str = "critical") -> dict[str, Any]:
        """Tell that a service is broken; raises WorldError `invalid_arguments` for an unknown severity.

        The same alert again is told again, as Alertmanager repeats it. Another severity is another alert.
        """
        if severity not in SEVERITIES:
            raise WorldError("invalid_arguments", f"'severity' must be one of {', '.join(SEVERITIES)}.")
        place = (service.name, service.environment)
        standing = self._firing.get(place)
        if standing is not None and standing.labels["severity"] != severity:
            self.resolve(*place)
            standing = None
        alert = standing or Alert(_label(service, severity), now())
        self._firing[place] = alert
        self._courier.send(authorize_alertmanager(_notify(alert, None)))
        return {"severity": severity, "fingerprint": alert.fingerprint}

    def resolve(self, name: str, environment: str) -> dict[str, Any]:
        """Tell that a service is well again, if it was told to be broken."""
        alert = self._firing.pop((name, environment), None)
        if alert is None:
            return {}
        self._courier.send(authorize_alertmanager(_notify(alert, now())))
        return {"fingerprint": alert.fingerprint}


def _label(service: Service, severity: str) -> dict[str, str]:
    return {
        "alertname": ALERT,
        "environment": service.environment,
        "service": service.name,
        "severity": severity,
    }


def _notify(alert: Alert, ended_at: str | None) -> dict[str, Any]:
    status = "firing" if ended_at is None else "resolved"
    group = {name: alert.labels[name] for name in ("alertname", "environment", "service")}
    key = ", ".join(f'{name}="{value}"' for name, value in group.items())
    service, environment = alert.labels["service"], alert.labels["environment"]
    annotations = {
        "description": f"More than 5% of the requests to {service} in {environment} fail.",
        "summary": f"{service} answers with errors",
    }
    one = {
        "status": status,
        "labels": alert.labels,
        "annotations": annotations,
        "startsAt": alert.started_at,
        "endsAt": ended_at or ZERO_TIME,
        "generatorURL": f"https://prometheus.example/graph?service={service}&environment={environment}",
        "fingerprint": alert.fingerprint,
    }
    return {
        "version": "4",
        "groupKey": f"{{}}:{{{key}}}",
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "quarterdeck",
        "groupLabels": group,
        "commonLabels": alert.labels,
        "commonAnnotations": annotations,
        "externalURL": ADDRESS,
        "alerts": [one],
    }
