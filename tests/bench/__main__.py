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
from tests.bench import execute
from tests.bench.execute import measure_execute
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


async def run_acks(cluster: Cluster, folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Acknowledgements, beside the baseline's."""
    found = [await one_round(cluster, folder, seconds) for _ in range(rounds)]
    ready = await ready_seconds(cluster, folder, rounds)
    summary = {
        **compare(found),
        "ready_seconds": ready["quarterdeck"],
        "ready_seconds_baseline": ready["baseline"],
    }
    return {"summary": summary, "targets": TARGETS, "rounds": found}


async def run_execute(cluster: Cluster, folder: Path, seconds: float) -> dict[str, Any]:
    """Tasks: cards, clicks, recovery."""
    return {"summary": await measure_execute(cluster, folder, seconds), "targets": execute.TARGETS}


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rounds", type=int, default=3, help="how often to repeat the pair (3)")
    parser.add_argument("--seconds", type=float, default=8, help="length of each load (8)")
    parser.add_argument("--only", choices=["acks", "execute"], help="one part alone")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="qd-bench-", ignore_cleanup_errors=True) as reachable:
        folder = Path(reachable)
        folder.chmod(0o755)
        async with await ensure_running(
            folder / "data", lambda _: None, system_folder=folder / "system"
        ) as cluster:
            await create_template(cluster)
            if options.only != "execute":
                found |= await run_acks(cluster, folder, options.rounds, options.seconds)
            if options.only != "acks":
                found["execute"] = await run_execute(cluster, folder, options.seconds)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
