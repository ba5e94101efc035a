"""`make bench`: prints JSON. Every figure of ours stands beside the baseline's of the same run."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from bot.postgres import Cluster, ensure_running
from sandbox.server import Sandbox, serve
from storage.database import address
from tests.bench.load import Acks, saturating, steady
from tests.support.process import REPOSITORY, BotProcess, clean_environment
from tests.support.store import create_template, fresh_database

MIB = 1024 * 1024


@asynccontextmanager
async def baseline(sandbox: Sandbox, database_url: str) -> AsyncIterator[int]:
    """The bare app as a process; yields its pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.baseline", f"{sandbox.url}/api/",
        address(database_url, "postgresql"),
        cwd=REPOSITORY, env=clean_environment(), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        yield process.pid
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def quarterdeck(sandbox: Sandbox, database_url: str, folder: Path) -> AsyncIterator[int]:
    """The bot as a process; yields its pid."""
    settings = {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0", "QD_LOG_LEVEL": "WARNING"}
    bot = BotProcess(sandbox.url, database_url, folder / "bot.log", **settings)
    await bot.start()
    try:
        yield bot.pid
    finally:
        await bot.kill()


async def measure(sandbox: Sandbox, pid: int, seconds: float) -> tuple[Acks, Acks, dict[str, float]]:
    """Ack times at 20 a second, the rate with 64 in flight, and memory (MiB, resident)."""
    process = psutil.Process(pid)
    idle = process.memory_info().rss / MIB
    await steady(sandbox, 20, 1)
    calm = await steady(sandbox, 20, seconds)
    full = await saturating(sandbox, 64, seconds)
    return calm, full, {"idle": round(idle, 1), "after_load": round(process.memory_info().rss / MIB, 1)}


async def one_round(cluster: Cluster, folder: Path, seconds: float) -> dict[str, Any]:
    """Baseline, then ours, each on a sandbox and a database of its own."""
    found: dict[str, Any] = {}
    for name in ("baseline", "quarterdeck"):
        async with AsyncExitStack() as stack:
            sandbox = await stack.enter_async_context(serve(0))
            sandbox.desk.limits.set_scale(0)
            url = await stack.enter_async_context(fresh_database(cluster))
            app = baseline(sandbox, url) if name == "baseline" else quarterdeck(sandbox, url, folder)
            pid = await stack.enter_async_context(app)
            calm, full, memory = await measure(sandbox, pid, seconds)
        found[name] = {
            "at_20_per_second": calm.summary(),
            "with_64_in_flight": full.summary(),
            "memory_mib": memory,
        }
    return found


async def ready_seconds(cluster: Cluster, folder: Path, runs: int) -> dict[str, Any]:
    """From the start of the process to ready, on a database that is migrated already."""
    async with serve(0) as sandbox, fresh_database(cluster) as url:
        times: dict[str, list[float]] = {"baseline": [], "quarterdeck": []}
        for run in range(runs + 1):
            for name, app in (("baseline", baseline), ("quarterdeck", None)):
                began = time.perf_counter()
                context = app(sandbox, url) if app else quarterdeck(sandbox, url, folder)
                async with context:
                    took = time.perf_counter() - began
                if run:
                    times[name].append(took)
    return {name: round(statistics.median(each), 2) for name, each in times.items()}


def compare(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds of what the targets are about."""

    def median(pick: Any) -> float:
        return round(statistics.median(pick(each) for each in rounds), 3)

    return {
        "ack_p50_above_baseline_ms": median(
            lambda each: (
                each["quarterdeck"]["at_20_per_second"]["p50_ms"]
                - each["baseline"]["at_20_per_second"]["p50_ms"]
            )
        ),
        "ack_p99_ms": median(lambda each: each["quarterdeck"]["at_20_per_second"]["p99_ms"]),
        "accepted_per_second": median(lambda each: each["quarterdeck"]["with_64_in_flight"]["per_second"]),
        "accepted_ratio": median(
            lambda each: (
                each["quarterdeck"]["with_64_in_flight"]["per_second"]
                / each["baseline"]["with_64_in_flight"]["per_second"]
            )
        ),
        "ack_p99_at_64_in_flight_ms": median(lambda each: each["quarterdeck"]["with_64_in_flight"]["p99_ms"]),
        "resident_mib": median(lambda each: each["quarterdeck"]["memory_mib"]["after_load"]),
    }


TARGETS = {
    "ack_p50_above_baseline_ms": "<= 5",
    "ack_p99_ms": "< 300",
    "accepted_ratio": ">= 0.5",
    "resident_mib": "< 150",
    "ready_seconds": "< 3",
}


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rounds", type=int, default=3, help="how often to repeat the pair (3)")
    parser.add_argument("--seconds", type=float, default=8, help="length of each load (8)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qd-bench-", ignore_cleanup_errors=True) as reachable:
        folder = Path(reachable)
        folder.chmod(0o755)
        async with await ensure_running(
            folder / "data", lambda _: None, system_folder=folder / "system"
        ) as cluster:
            await create_template(cluster)
            rounds = [await one_round(cluster, folder, options.seconds) for _ in range(options.rounds)]
            ready = await ready_seconds(cluster, folder, options.rounds)
    summary = {
        **compare(rounds),
        "ready_seconds": ready["quarterdeck"],
        "ready_seconds_baseline": ready["baseline"],
    }
    print(json.dumps({"summary": summary, "targets": TARGETS, "rounds": rounds}, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
