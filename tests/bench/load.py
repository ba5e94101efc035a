"""Load on an app in the sandbox, sent by the hand in this process, so that no HTTP stands between."""

import asyncio
import time
from dataclasses import dataclass

from sandbox.hand.gesture import Gesture, HandError
from sandbox.hand.talk import command
from sandbox.server import Sandbox

CHANNELS = ("C0OPS", "C0ENG", "C0INCIDENTS", "D0DEV")


@dataclass
class Acks:
    """Acknowledgement times in milliseconds, how many commands failed, and how long it all took in seconds."""

    times: list[float]
    failed: int
    seconds: float

    def quantile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def summary(self) -> dict[str, float]:
        return {
            "commands": len(self.times),
            "failed": self.failed,
            "p50_ms": round(self.quantile(0.5), 2),
            "p99_ms": round(self.quantile(0.99), 2),
            "per_second": round(len(self.times) / self.seconds, 1),
        }


async def _one(sandbox: Sandbox, number: int, acks: Acks) -> None:
    body = {
        "user": "U0DEV",
        "channel": CHANNELS[number % len(CHANNELS)],
        "command": "/execute",
        "text": f"roll back checkout to v{number}",
        "wait_s": 0,
    }
    try:
        acks.times.append((await command(Gesture(sandbox.desk, body)))["ack_ms"])
    except HandError:
        acks.failed += 1


async def steady(sandbox: Sandbox, per_second: float, seconds: float) -> Acks:
    """Send at a fixed rate, however long the answers take."""
    acks, began = Acks([], 0, seconds), time.perf_counter()
    sending = []
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        sending.append(asyncio.create_task(_one(sandbox, number, acks)))
    await asyncio.gather(*sending)
    return acks


async def saturating(sandbox: Sandbox, in_flight: int, seconds: float) -> Acks:
    """Keep so many commands in flight at any time."""
    acks, began = Acks([], 0, seconds), time.perf_counter()

    async def work(first: int) -> None:
        number = first
        while time.perf_counter() - began < seconds:
            await _one(sandbox, number, acks)
            number += in_flight

    await asyncio.gather(*(work(first) for first in range(in_flight)))
    acks.seconds = time.perf_counter() - began
    return acks
