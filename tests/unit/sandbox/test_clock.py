import asyncio
import time

import pytest

from sandbox.clock import Clock


async def test_a_faster_clock_shortens_a_wait_that_is_under_way() -> None:
    clock = Clock()
    started = time.monotonic()
    waiting = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    clock.set_scale(1000)
    await asyncio.wait_for(waiting, 5)
    assert time.monotonic() - started < 5


async def test_time_passes_at_the_scale_and_never_jumps_when_it_changes() -> None:
    clock = Clock()
    before = clock.now()
    clock.set_scale(100)
    assert clock.now() - before < 1
    await clock.sleep(5)
    assert 5 <= clock.now() - before < 10
    assert clock.scale == pytest.approx(100)
