"""Everything at once: three replicas that come and go, a Slack that fails in every way, cards that keep changing."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from domain.card import Content, Place
from domain.chat import ChatBusy, ChatError, ChatUnavailable, Posted
from integrations.fakes.chat import FakeChat
from tests.support.wait import until
from workflows import delivery

CHANNELS = ("C0OPS", "C0ENG", "C0INCIDENTS")
CARDS = 45
REVISIONS = 300


class Stormy(FakeChat):
    """Every call takes a moment, and every third fails: refused for now, not done, or done without an answer."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(channels=CHANNELS)
        self.dice = dice
        self.calm = False

    async def _weather(self, operation: str) -> None:
        await asyncio.sleep(self.dice.random() * 0.01)
        if not self.calm and self.dice.random() < 0.35:
            error: ChatError = self.dice.choice([ChatBusy(0.05), ChatUnavailable("Slack did not answer.")])
            lost = isinstance(error, ChatUnavailable) and self.dice.random() < 0.5
            self.fail(operation, error, after=lost)

    async def post(self, key: str, place: Place, content: Content) -> Posted:
        await self._weather("post")
        return await super().post(key, place, content)

    async def update(self, key: str, channel: str, ts: str, content: Content) -> None:
        await self._weather("update")
        await super().update(key, channel, ts, content)

    async def find_posted(self, key: str, place: Place, oldest: float) -> Posted | None:
        await self._weather("find_posted")
        return await super().find_posted(key, place, oldest)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's pauses, shortened; nobody overtakes, so that the order can be told."""
    for name, seconds in {
        "POLL_SECONDS": 0.05,
        "MAX_BACKOFF_SECONDS": 0.05,
        "SETTLE_SECONDS": 0.0,
        "DEAD_OWNERS_SECONDS": 0.2,
        "PATIENCE": 1_000,
    }.items():
        monkeypatch.setattr(delivery, name, seconds)


@pytest.mark.usefixtures("hurry")
async def test_each_card_once_in_order_with_its_last_content(new_replica: Any, world: Any) -> None:
    dice = random.Random(7)
    chat = Stormy(dice)
    replicas = [await new_replica(chat=chat) for _ in range(3)]
    restarting = asyncio.create_task(_restart(replicas, lambda: new_replica(chat=chat), dice))
    last = await _want_and_revise(replicas, dice)
    restarting.cancel()
    await asyncio.wait([restarting])
    await until(world.settled, "everything is shown", 30)
    for channel in CHANNELS:
        shown = chat.shown(channel)
        keys = [each.key for each in shown]
        assert keys == [f"card:{n}" for n in range(CARDS) if CHANNELS[n % 3] == channel]
        assert {each.key: each.content.text for each in shown} == {key: last[key] for key in keys if key}
    assert await world.value("SELECT count(*) FROM card WHERE posting_since IS NOT NULL") == 0


async def _want_and_revise(replicas: list[Any], dice: random.Random) -> dict[str, str]:
    last = {}
    for n in range(CARDS):
        await dice.choice(replicas).want(f"card:{n}", "new", CHANNELS[n % 3])
        last[f"card:{n}"] = "new"
    for n in range(REVISIONS):
        key = f"card:{dice.randrange(CARDS)}"
        await dice.choice(replicas).revise(key, f"revision {n}")
        last[key] = f"revision {n}"
    return last


async def _restart(replicas: list[Any], make: Callable[[], Any], dice: random.Random) -> None:
    """Let one after the other end in the middle of what it does, and another take its place."""
    while True:
        await asyncio.sleep(0.15)
        index = dice.randrange(len(replicas))
        await replicas[index].stop()
        replicas[index] = await make()
