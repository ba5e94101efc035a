"""Each card once, in order, at Slack's pace, over two replicas."""

import asyncio
import itertools
from typing import Any

from domain.chat import ChatUnavailable
from integrations.fakes.chat import FakeChat
from tests.support.wait import until
from workflows import delivery

CHANNELS = ("C0OPS", "C0ENG", "C0INCIDENTS")


async def test_two_replicas_show_each_card_once_and_in_order(new_replica: Any, world: Any) -> None:
    first, second = await new_replica(), await new_replica()
    for n in range(12):
        for channel, each in zip(CHANNELS, itertools.cycle((first, second)), strict=False):
            await each.want(f"{channel}:{n}", place=channel)
    await until(world.settled, "every card is shown")
    for channel in CHANNELS:
        assert await world.keys(channel) == [f"{channel}:{n}" for n in range(12)]
    assert len(await world.calls("chat.postMessage")) == 36


async def test_pace_holds_over_replicas(new_replica: Any, world: Any) -> None:
    first, second = await new_replica(interval=0.2), await new_replica(interval=0.2)
    for n in range(6):
        for channel in CHANNELS[:2]:
            await first.want(f"{channel}:{n}", place=channel)
            second.nudge()
        # Updates go at the same pace as posts.
        await second.revise("C0OPS:0", f"revision {n}")
    await until(world.settled, "every card is shown")
    for channel in CHANNELS[:2]:
        calls = await world.calls("chat.postMessage", "chat.update", channel=channel)
        times = [each["at"] for each in calls]
        assert min(b - a for a, b in itertools.pairwise(times)) >= 0.2
        assert times[-1] - times[0] < 0.2 * len(times) * 2 + 2, "and no slower than needed"


async def test_urgent_goes_first(new_replica: Any, world: Any) -> None:
    replica = await new_replica(start=False)
    for key, urgent in [("first", False), ("second", False), ("urgent", True)]:
        await replica.want(key, urgent=urgent)
    await replica.start()
    await until(world.settled, "every card is shown")
    assert await world.keys() == ["urgent", "first", "second"]


async def test_600_revisions_need_few_calls_and_the_last_is_shown(new_replica: Any, world: Any) -> None:
    first, second = await new_replica(interval=0.3), await new_replica(interval=0.3)
    for key in ("a", "b", "c"):
        await first.want(key)
    await world.hand("faults", api_latency_ms=30)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n in range(200):
        await asyncio.gather(
            *(
                each.revise(key, f"{key}: {n}")
                for key, each in zip("abc", (first, second, first), strict=True)
            )
        )
    took = loop.time() - began
    await until(world.settled, "everything is shown")
    assert sorted(await world.texts()) == ["a: 199", "b: 199", "c: 199"]
    assert await world.keys() == ["a", "b", "c"]
    updates = await world.calls("chat.update")
    assert len(updates) <= took / 0.3 + 6


async def test_one_channel_does_not_hold_up_another(new_replica: Any, world: Any) -> None:
    replica = await new_replica(interval=60.0)
    await replica.want("ops:1")
    await replica.want("ops:2")
    await replica.want("eng:1", place="C0ENG")
    await until(lambda: world.keys("C0ENG"), "the other channel is served")
    assert await world.keys() == ["ops:1"]


async def test_lanes_of_a_dead_replica_are_taken_over(new_replica: Any, world: Any) -> None:
    replica = await new_replica(start=False)
    await replica.want("card")
    await world.query("UPDATE lane SET owner = 'bot-dead', owner_until = now() + interval '10 seconds'")
    await replica.start()
    await until(world.keys, "the card is shown before the lease has run out", 5)


class Picky(FakeChat):
    """Slack, having trouble with one message only."""

    async def post(self, key: str, place: Any, content: Any) -> Any:
        if key == "stuck":
            raise ChatUnavailable("Slack answered internal_error.")
        return await super().post(key, place, content)


async def test_a_card_that_slack_chokes_on_is_overtaken(new_replica: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 1)
    chat = Picky()
    replica = await new_replica(chat=chat)
    await replica.want("stuck")
    await replica.want("next")
    await until(lambda: [each.key for each in chat.shown("C0OPS")] == ["next"], "the next card overtakes")
