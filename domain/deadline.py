"""Deadlines that are kept."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


async def enforce(work: Coroutine[Any, Any, R], seconds: float) -> R:
    """The result of `work`. Raises TimeoutError after `seconds`, whatever `work` does then.

    `asyncio.timeout` would wait until the cancellation has gone through, and a driver which asks a server that has
    fallen silent to cancel its statement waits for the answer.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
        raise TimeoutError(f"no result within {seconds:g} s")
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    """Take note of how it ended, or asyncio would log that nobody did."""
    if not task.cancelled():
        task.exception()
