"""The idempotency keys that the deployer has seen: how often each was asked, what it did, what was answered."""

import json
from dataclasses import dataclass
from typing import Any

CALLS_KEPT = 5000


@dataclass(slots=True)
class Call:
    """One idempotency key. `answer` is the first one that told of an effect."""

    idempotency_key: str
    action: str
    order: str
    requests: int = 0
    effects: int = 0
    answer: dict[str, Any] | None = None

    def describe(self) -> dict[str, Any]:
        """Return it as `GET /_world` shows it."""
        return {
            "idempotency_key": self.idempotency_key,
            "requests": self.requests,
            "effects": self.effects,
            "action": self.action,
        }

    def matches(self, action: str, order: dict[str, Any]) -> bool:
        """Tell whether this is the same request again."""
        return (self.action, self.order) == (action, _canonical(order))


class Ledger:
    """The newest keys; one that has fallen out is new again."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    def count(self, key: str, action: str, order: dict[str, Any]) -> Call:
        """Count a request under its key and return what is known of it."""
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= CALLS_KEPT:
                self._calls.pop(next(iter(self._calls)))
            call = self._calls[key] = Call(key, action, _canonical(order))
        call.requests += 1
        return call

    def describe(self) -> list[dict[str, Any]]:
        """Return every key as `GET /_world` shows it, oldest first."""
        return [call.describe() for call in self._calls.values()]


def _canonical(order: dict[str, Any]) -> str:
    return json.dumps(order, sort_keys=True)
