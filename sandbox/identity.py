"""The fixed names of the sandbox workspace, and the makers of ids in Slack's form."""

import itertools
import secrets
import time
import uuid

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"
TEAM_NAME = "Sandbox"
APP_ID = "A0QUARTERDECK"
BOT_USER_ID = "U0QUARTERDECK"
BOT_ID = "B0QUARTERDECK"
BOT_NAME = "Quarterdeck"
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - a fixed word, good for this program only
APP_TOKEN = "xapp-sandbox"  # noqa: S105 - the same
VERIFICATION_TOKEN = "sandbox"  # noqa: S105 - Slack's deprecated field, present in every payload


class IdSource:
    """Makes ids and timestamps that never repeat within one sandbox."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._last_micros = 0

    def timestamp(self) -> str:
        """Return a message timestamp: wall-clock seconds with six decimals, later than any before."""
        self._last_micros = max(time.time_ns() // 1000, self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def make(self, prefix: str) -> str:
        """Return an id such as `Ev000000001A`, unique in this sandbox."""
        return f"{prefix}{next(self._numbers):010X}"

    def trigger(self) -> str:
        """Return a trigger id in Slack's three-part form."""
        return f"{next(self._numbers)}.{time.time_ns() // 1_000_000}.{secrets.token_hex(16)}"

    @staticmethod
    def envelope() -> str:
        """Return an envelope id (a UUID)."""
        return str(uuid.uuid4())

    @staticmethod
    def secret() -> str:
        """Return an unguessable part of an address (tickets, response URLs)."""
        return secrets.token_urlsafe(18)

    @staticmethod
    def block() -> str:
        """Return a block id as Slack invents one where the sender gave none."""
        return secrets.token_urlsafe(4)[:5]
