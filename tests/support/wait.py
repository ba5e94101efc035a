"""Waiting for the thing itself, with a deadline, in place of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], what: str, seconds: float = 15.0, every: float = 0.02) -> Any:
    """Poll a function or coroutine function until it gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"still not after {seconds:g} s: {what}"
        await asyncio.sleep(every)
