"""The clock of the sandbox: redelivery, trigger ids, response URLs, refresh and the ack rule run on it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

SHORTEST = 0.2


class Clock:
    """Seconds that can run faster than real ones. A new scale also counts for waits that are under way."""

    def __init__(self) -> None:
        self._scale = 1.0
        self._real_base = time.monotonic()
        self._base = 0.0
        self._changed = asyncio.Event()

    @property
    def scale(self) -> float:
        """How many sandbox seconds pass in a real one."""
        return self._scale

    def now(self) -> float:
        """Return sandbox seconds since the start."""
        return self._base + (time.monotonic() - self._real_base) * self._scale

    def set_scale(self, scale: float) -> None:
        """Run `scale` times as fast as real time from now on; `scale` must be above 0."""
        self._base, self._real_base = self.now(), time.monotonic()
        self._scale = scale
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` of sandbox time have passed."""
        due = self.now() + seconds
        while (left := due - self.now()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left / self._scale)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call back after `seconds` of sandbox time at the present scale, but never within 0.2 real seconds.

        For short waits, many of them: an app cannot acknowledge faster than it runs, whatever the clock says.
        """
        return asyncio.get_running_loop().call_later(max(SHORTEST, seconds / self._scale), callback)
