"""Acknowledgements go first: Slack waits three seconds for them, and nobody waits for the rest by the second."""

import asyncio


async def give_way(idle: asyncio.Event, longest: float) -> None:
    """Wait until nothing is to be acknowledged (`idle` is set), but at most `longest` seconds: a constant load must
    not starve the work.
    """
    if idle.is_set():
        return
    try:
        async with asyncio.timeout(longest):
            await idle.wait()
    except TimeoutError:
        return


def always_idle() -> asyncio.Event:
    """For a process that acknowledges nothing."""
    event = asyncio.Event()
    event.set()
    return event
