"""The world in one piece: what runs, the systems around it, and how they tell the bot."""

import uuid
from typing import Any

from sandbox.clock import Clock
from sandbox.feed import Feed
from sandbox.log import Log
from sandbox.world.code_host import CodeHost
from sandbox.world.courier import Courier
from sandbox.world.deployer import Deployer
from sandbox.world.monitor import Monitor
from sandbox.world.service import Services

_DESCRIPTIONS = {"deploy": "Deploy {version}", "roll_back": "Roll back to {version}"}


class World:
    """Services and the systems around them: a deployer, a monitor, a code host."""

    def __init__(
        self, clock: Clock, log: Log, feed: Feed, bot_url: str | None = None, scenario: str | None = None
    ) -> None:
        self.clock, self.log, self.scenario = clock, log, scenario
        self._feed = feed
        self.courier = Courier(clock, log, bot_url)
        self.services = Services()
        self.deployer = Deployer(self.services, self._tell)
        self.monitor, self.code_host = Monitor(self.courier), CodeHost(self.courier)

    def describe(self) -> dict[str, Any]:
        """Return what `GET /_world` answers beside `ok`."""
        return {
            "services": [item.describe() for item in self.services.all],
            "calls": self.deployer.ledger.describe(),
            "faults": self.deployer.faults.describe(),
            "webhooks": {"bot_url": self.courier.bot_url, "backlog": self.courier.backlog},
        }

    def deploy(self, order: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Bring a version out by hand: no token, no faults; with a key it has one effect."""
        if key is not None:
            return self.deployer.obey("deploy", order, key)
        return self.deployer.act("deploy", order, f"hand-{uuid.uuid4().hex[:12]}")

    def break_service(self, name: str, environment: str, severity: str) -> dict[str, Any]:
        """Make a service answer with errors, which the monitor sees."""
        service = self.services.get(name, environment)
        told = self.monitor.report(service, severity)
        service.health = "degraded"
        return {"service": name, "environment": environment, "health": service.health, **told}

    def fix_service(self, name: str, environment: str) -> dict[str, Any]:
        """Make a service well again, which the monitor sees."""
        service = self.services.get(name, environment)
        service.health = "healthy"
        told = self.monitor.resolve(name, environment)
        return {"service": name, "environment": environment, "health": service.health, **told}

    def change(self, name: str, title: str, author: str, merge: bool) -> dict[str, Any]:
        """Change the code of a service that runs somewhere."""
        self.services.require(name)
        return self.code_host.change(name, title, author, merge)

    def _tell(self, done: dict[str, Any]) -> None:
        """Let everybody know what the deployer has done."""
        self._feed.publish("world.changed", act=done["action"])
        if done["action"] == "delete":
            self.monitor.resolve(done["service"], done["environment"])
        description = _DESCRIPTIONS.get(done["action"])
        if description is not None:
            self.code_host.record_deployment(
                done["service"],
                done["environment"],
                done["version"],
                description.format(version=done["version"]),
            )
