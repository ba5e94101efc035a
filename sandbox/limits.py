"""Slack's rate tiers as token buckets. A tier allows its calls a minute and a short burst on top."""

import math
import time
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_minute` calls in the long run, `burst` of them at once."""

    per_minute: float
    burst: float


class Tier(Enum):
    """Slack's tiers (calls a minute of one method by one app in one workspace)."""

    T1 = Rate(
        1, 20
    )  # documented as 1 a minute; apps.connections.open, the one in use, is let through in bursts
    T2 = Rate(20, 20)
    T3 = Rate(50, 25)
    T4 = Rate(100, 50)
    POST = Rate(60, 5)  # chat.postMessage: one a second and channel, a burst of a few
    FREE = Rate(6000, 600)


@dataclass(slots=True)
class _Bucket:
    level: float
    filled_at: float


class Limits:
    """The buckets of one app in one workspace."""

    def __init__(self) -> None:
        self._scale = 1.0
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    @property
    def scale(self) -> float:
        """What the tiers are multiplied with; 0 means no limits."""
        return self._scale

    def set_scale(self, scale: float) -> None:
        """Multiply every tier; 0 turns limits off. Used-up allowances are forgotten."""
        self._scale = scale
        self._buckets.clear()

    def take(self, method: str, tier: Tier, key: str = "") -> int | None:
        """Count one call. Return None if it may pass, else the whole seconds after which to try again."""
        if self._scale <= 0 or tier is Tier.FREE:
            return None
        rate: Rate = tier.value
        per_second, room, now = rate.per_minute / 60 * self._scale, rate.burst * self._scale, time.monotonic()
        bucket = self._buckets.setdefault((method, key), _Bucket(room, now))
        bucket.level = min(room, bucket.level + (now - bucket.filled_at) * per_second)
        bucket.filled_at = now
        # Clients pace themselves by their own clock: a thousandth of a call early is not too early.
        if bucket.level >= 0.999:
            bucket.level -= 1
            return None
        return max(1, math.ceil((1 - bucket.level) / per_second))
