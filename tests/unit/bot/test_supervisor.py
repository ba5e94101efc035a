"""Background tasks: one that fails starts again, is counted, and takes nobody along."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import supervisor as module
from bot.supervisor import Supervisor
from tests.support.wait import until
from workflows.measures import Measures, create


@pytest.fixture
def measures() -> Measures:
    return create()


@pytest.fixture
async def supervisor(measures: Measures, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    """One whose pauses are a hundredth of the real ones."""
    for name in ("FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(module, name, getattr(module, name) / 100)
    supervisor = Supervisor(measures)
    yield supervisor
    await supervisor.close()


def restarts(measures: Measures, task: str) -> float:
    return measures.restarts.labels(task)._value.get()


async def test_a_task_that_fails_starts_again_and_is_counted(
    supervisor: Supervisor, measures: Measures, caplog: pytest.LogCaptureFixture
) -> None:
    starts = []

    async def run() -> None:
        starts.append(1)
        if len(starts) < 4:
            raise RuntimeError("it broke")
        await asyncio.Event().wait()

    supervisor.keep("fragile", run)

    await until(lambda: len(starts) == 4, "started again three times")
    assert restarts(measures, "fragile") == 3
    assert "The background task fragile failed and starts again" in caplog.text
    assert "it broke" in caplog.text


async def test_a_task_that_returns_starts_again_too(supervisor: Supervisor, measures: Measures) -> None:
    starts = []

    async def run() -> None:
        starts.append(1)

    supervisor.keep("short", run)
    await until(lambda: len(starts) >= 3, "started again")
    assert restarts(measures, "short") >= 2


async def test_its_siblings_live_on(supervisor: Supervisor) -> None:
    beats, cancelled = [], []

    async def beat() -> None:
        try:
            while True:
                beats.append(1)
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    async def fail() -> None:
        raise RuntimeError

    supervisor.keep("sound", beat)
    supervisor.keep("broken", fail)
    supervisor.spawn("broken once", fail())
    await until(lambda: len(beats) > 20, "the sound one goes on")
    assert not cancelled


async def test_the_pauses_grow_up_to_a_limit_and_begin_anew_after_a_calm_time(
    measures: Measures, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    clock = [0.0]
    enough = asyncio.Event()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: clock[0])

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def run() -> None:
        if len(pauses) == 8:
            clock[0] += module.CALM_SECONDS + 1
        if len(pauses) == 9:
            enough.set()
            await asyncio.Event().wait()
        raise RuntimeError

    monkeypatch.setattr(module.asyncio, "sleep", pause)
    supervisor = Supervisor(measures)
    supervisor.keep("fragile", run)
    await enough.wait()
    monkeypatch.undo()
    await supervisor.close()

    assert pauses[:3] == [0.4, 0.8, 1.6]
    assert max(pauses) == module.LONGEST_PAUSE_SECONDS
    assert pauses[7] == module.LONGEST_PAUSE_SECONDS
    assert pauses[8] == module.FIRST_PAUSE_SECONDS


async def test_what_is_spawned_runs_once_and_its_failure_is_counted(
    supervisor: Supervisor, measures: Measures, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    async def work(fails: bool) -> None:
        done.append(fails)
        if fails:
            raise RuntimeError("lost")

    supervisor.spawn("whisper", work(fails=False))
    supervisor.spawn("whisper", work(fails=True))
    await supervisor.finish(5)

    assert done == [False, True]
    assert restarts(measures, "whisper") == 1
    assert "The background task whisper failed" in caplog.text


async def test_finishing_waits_for_what_was_spawned_but_not_for_ever(supervisor: Supervisor) -> None:
    release = asyncio.Event()
    ended = []

    async def wait() -> None:
        await release.wait()
        await asyncio.sleep(0.05)
        ended.append(1)

    async def run() -> None:
        await asyncio.Event().wait()

    supervisor.keep("loop", run)
    supervisor.spawn("slow", wait())
    await supervisor.finish(0.01)
    assert not ended
    release.set()
    await supervisor.finish(5)
    assert ended


async def test_closing_cancels_everything_and_waits_for_it(measures: Measures) -> None:
    supervisor = Supervisor(measures)
    ended = []
    began = asyncio.Event()

    async def run() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("loop")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("short")

    supervisor.spawn("short", work())
    supervisor.keep("loop", run)
    await began.wait()
    await supervisor.close()

    assert sorted(ended) == ["loop", "short"]
    assert restarts(measures, "loop") == 0
    await supervisor.close()
