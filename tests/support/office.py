"""People at work on a stage of their own: what they do to the world, are told in private, and see posted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.postgres import Cluster
from tests.support.hand import key_of, text_of
from tests.support.ops import Ops
from tests.support.stage import Stage, set_stage
from tests.support.wait import until

BOT = "U0QUARTERDECK"


class Office(Ops):
    """People at work, the world they change, and the bot itself."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.hand)
        self.bot = stage.bot
        self.rows = stage.rows
        self._stage = stage

    async def fault(self, mode: str, **more: Any) -> None:
        """Have the deployer fail: `error`, `hang`, `late`, `lost` or `body`."""
        await self._stage.world("faults", mode=mode, **more)

    async def effects(self, task: int) -> dict[str, int]:
        """How many effects each idempotency key of a task has had at the deployer: `{"1": 1, "1:undo": 1}`."""
        calls = await self._stage.calls(task)
        return {key.partition(":")[2]: each["effects"] for key, each in calls.items()}

    async def told(self, user: str, words: str) -> str:
        """Wait until a person reads this in private: in the channel, or from the bot directly."""

        async def look() -> str | None:
            seen = [each for each in await self.hand.messages() if each["ephemeral_to"] == user]
            direct = "D0" + user.removeprefix("U0")
            seen += [each for each in await self.hand.messages(direct) if each["user"] == BOT]
            return next((text_of(each) for each in seen if words in text_of(each)), None)

        found: str = await until(look, f"{user} is told {words!r}")
        return found

    async def posted(self, key: str, words: str = "") -> dict[str, Any]:
        """Wait until the card with this key says something."""

        async def look() -> dict[str, Any] | None:
            found = await self._stage.shown(key)
            assert len(found) < 2, found
            return next((each for each in found if words in text_of(each)), None)

        found: dict[str, Any] = await until(look, f"card {key} says {words!r}")
        return found

    async def form(self, user: str, containing: str = "") -> dict[str, Any]:
        """Wait for a form that a person has open."""

        async def look() -> dict[str, Any] | None:
            views = (await self.hand.state())["views"]
            mine = [each for each in views if each["user"] == user]
            return next((each for each in mine if containing in str(each["view"])), None)

        found: dict[str, Any] = await until(look, f"{user} has a form with {containing!r}")
        return found

    async def approve(self, task: int, user: str) -> None:
        """Approve what waits; no reason is asked for."""
        card = await self.card(task, "Waits for approval")
        assert (await self.click(card, "approval.approve", user))["ok"]

    async def private(self, command: str, user: str = "U0DEV") -> str:
        """A command's private answer."""
        answer = await self.hand.command(command, user=user)
        assert answer["ok"], answer
        return text_of(answer["response"])

    async def find_task(self, words: str) -> int | None:
        """The task whose card says this, if there is one."""
        for each in await self.hand.cards():
            key = key_of(each) or ""
            if key.startswith("task:") and words in text_of(each):
                return int(key.removeprefix("task:"))
        return None


@asynccontextmanager
async def open_office(cluster: Cluster, folder: Path, **settings: str) -> AsyncIterator[Office]:
    """An office with a bot that is ready."""
    async with set_stage(cluster, folder, **settings) as stage:
        yield Office(stage)
