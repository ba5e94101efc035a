"""The world in one piece: what runs, what was asked of the deployer, what goes wrong there."""

import uuid
from typing import Any

from sandbox.clock import Clock
from sandbox.feed import Feed
from sandbox.log import Log
from sandbox.world.deployer import Deployer
from sandbox.world.service import Services


class World:
    """Services and the systems around them."""

    def __init__(
        self, clock: Clock, log: Log, feed: Feed, bot_url: str | None = None, scenario: str | None = None
    ) -> None:
        self.clock, self.log, self.feed = clock, log, feed
        self.bot_url, self.scenario = bot_url, scenario
        self.services = Services()
        self.deployer = Deployer(self.services)

    def describe(self) -> dict[str, Any]:
        """Return what `GET /_world` answers beside `ok`."""
        return {
            "services": [item.describe() for item in self.services.all],
            "calls": self.deployer.ledger.describe(),
            "faults": self.deployer.faults.describe(),
        }

    def deploy(self, order: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Bring a version out by hand: no token, no faults; with a key it has one effect."""
        if key is not None:
            return self.deployer.obey("deploy", order, key)
        return self.deployer.act("deploy", order, f"hand-{uuid.uuid4().hex[:12]}")
