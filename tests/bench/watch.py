"""What the sandbox saw and when: cards as they appear and change, calls at the deployer. No HTTP stands between."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox.server import Sandbox

_TITLE = re.compile(r"T-(\d+) (.+?): ", re.DOTALL)


@dataclass(frozen=True)
class Sight:
    """A task's card at a moment (`time.time()`): where it stands, and its state in words."""

    at: float
    channel: str
    ts: str
    state: str


@dataclass
class Watch:
    """Every sight of every task's card, in order."""

    sandbox: Sandbox
    sights: defaultdict[int, list[Sight]] = field(default_factory=lambda: defaultdict(list))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Look, until cancelled."""
        while (change := await queue.get()) is not None:
            if change["type"] not in ("message.posted", "message.changed"):
                continue
            message = change["message"]
            found = _TITLE.match(message.get("text") or "")
            if found and message.get("metadata"):
                sight = Sight(time.time(), change["channel"], message["ts"], found[2])
                self.sights[int(found[1])].append(sight)
                self.changed.set()

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        """Wait until something holds of what was seen; returns that. Raises TimeoutError with what each card says."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                states = Counter(sights[-1].state for sights in self.sights.values())
                raise TimeoutError(f"still not after {seconds:g} s: {what}; the cards say {dict(states)}")
            self.changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), 0.02)
        return found

    def first(self, task: int, state: str = "", since: float = 0.0) -> Sight | None:
        """The first sight of a card in this state (any, without one)."""
        return next((each for each in self.sights[task] if state in each.state and each.at >= since), None)

    def waits(self, task: int) -> bool:
        """Whether the card shows the buttons that decide."""
        return bool(self.sights[task]) and "Waits for approval" in self.sights[task][-1].state

    def calls(self) -> dict[int, float]:
        """When the deployer was first asked to do the first step of each task (`time.time()`)."""
        found: dict[int, float] = {}
        for entry in self.sandbox.desk.log.entries(kind="deployer"):
            task, _, step = str(entry.get("idempotency_key", "")).removeprefix("T-").partition(":")
            if step == "1":
                found.setdefault(int(task), entry["at"])
        return found


@asynccontextmanager
async def watching(sandbox: Sandbox) -> AsyncIterator[Watch]:
    """A watch on a sandbox, for as long as the block lasts."""
    watch = Watch(sandbox)
    with sandbox.desk.feed.listen() as queue:
        task = asyncio.create_task(watch.run(queue))
        try:
            yield watch
        finally:
            task.cancel()
