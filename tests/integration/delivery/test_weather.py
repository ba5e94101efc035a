"""429s, server errors, answers that are lost, processes that die: each card once, the last content shown."""

import asyncio
from typing import Any

import pytest

from domain.card import Place
from domain.chat import Posted
from integrations.fakes.chat import FakeChat
from tests.support.wait import until
from workflows import delivery


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's own pauses, shortened where they are not what a test is about."""
    monkeypatch.setattr(delivery, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.2)


async def test_retry_after_is_honoured(replica: Any, world: Any) -> None:
    await world.hand("faults", rate_limit={"method": "chat.postMessage", "retry_after": 2, "times": 1})
    await replica.want("card")
    await until(world.keys, "the card is shown")
    refused, shown = await world.calls("chat.postMessage")
    assert (refused["status"], shown["outcome"]) == (429, "ok")
    assert shown["at"] - refused["at"] >= 2.0
    assert await world.calls("conversations.history") == [], "a 429 leaves no doubt"


@pytest.mark.usefixtures("brisk")
async def test_server_errors_are_outlasted(replica: Any, world: Any) -> None:
    await world.hand("faults", fail={"method": "chat.postMessage", "status": 500, "times": 2})
    await replica.want("card")
    await until(world.settled, "the card is shown")
    assert await world.keys() == ["card"]
    await world.hand("faults", fail={"method": "chat.update", "status": 503, "times": 1})
    await replica.revise("card", "done")
    await until(world.settled, "the update is shown")
    assert await world.texts() == ["done"]


@pytest.mark.usefixtures("brisk")
async def test_a_lost_answer_does_not_double(replica: Any, world: Any) -> None:
    await world.hand("faults", fail={"method": "chat.postMessage", "status": 502, "after": True})
    await replica.want("card")
    await replica.want("reply", place=Place("C0OPS", await world.hand.say("a thread")))
    await until(world.settled, "both cards are shown")
    assert sorted(await world.keys()) == ["card", "reply"]
    assert len(await world.calls("chat.postMessage")) == 2


@pytest.mark.usefixtures("brisk")
async def test_a_lost_answer_does_not_double_where_looking_is_held_up(replica: Any, world: Any) -> None:
    """The first look meets a 429, the second a server error: the doubt stays until an answer comes."""
    await world.hand("faults", fail={"method": "chat.postMessage", "status": 502, "after": True})
    await world.hand("faults", rate_limit={"method": "conversations.history", "retry_after": 1, "times": 1})
    await world.hand("faults", fail={"method": "conversations.history", "status": 500, "times": 1})
    await replica.want("card")
    await until(world.settled, "the card is shown", 20)
    assert await world.keys() == ["card"]
    assert len(await world.calls("chat.postMessage")) == 1


@pytest.mark.usefixtures("brisk")
async def test_what_was_wanted_meanwhile_is_shown_on_what_is_found(replica: Any, world: Any) -> None:
    await world.hand("faults", fail={"method": "chat.postMessage", "status": 502, "after": True})
    await replica.want("card", "old")
    await until(world.keys, "the message stands in Slack")
    await replica.revise("card", "new")
    await until(world.settled, "the new content is shown")
    assert await world.texts() == ["new"]


@pytest.mark.usefixtures("brisk")
async def test_a_lost_reply_whose_parent_went_away_is_found_at_top_level(replica: Any, world: Any) -> None:
    parent = await world.hand.say("a thread")
    await world.hand("delete", user="U0DEV", channel="C0OPS", ts=parent)
    await world.hand("faults", fail={"method": "chat.postMessage", "status": 502, "after": True})
    await replica.want("reply", place=Place("C0OPS", parent))
    await until(world.settled, "the reply is shown")
    assert await world.keys() == ["reply"]
    (message,) = await world.hand.messages()
    assert str(message["blocks"]).count("was deleted") == 1


async def test_cancelled_in_the_middle_of_a_post(new_replica: Any, world: Any) -> None:
    """The call is on its way when the process ends; the next one looks before it posts."""
    first = await new_replica()
    await world.hand("faults", api_latency_ms=1200)
    await first.want("card")
    await until(lambda: world.value("SELECT posting_since IS NOT NULL FROM card"), "the post is under way")
    await asyncio.wait([asyncio.create_task(asyncio.sleep(0.1))])
    await first.stop()
    assert await world.keys() == [], "the message has not arrived when the process ends"
    await world.hand("faults", clear=True)
    await new_replica()
    await until(world.settled, "the card is shown")
    await until(lambda: _slow_posts(world), "the call of the first has arrived")
    assert await world.keys() == ["card"]


async def _slow_posts(world: Any) -> list[Any]:
    return [each for each in await world.calls("chat.postMessage") if each["latency_ms"] > 1_000]


async def test_died_before_the_post_left(new_replica: Any, world: Any) -> None:
    replica = await new_replica(start=False)
    await replica.want("card")
    await world.query("UPDATE card SET posting_since = now() - interval '1 minute', attempts = 1")
    await replica.start()
    await until(world.settled, "the card is shown")
    assert await world.keys() == ["card"]
    assert [each["method"] for each in await world.calls("conversations.history", "chat.postMessage")] == [
        "conversations.history",
        "chat.postMessage",
    ]


class Gated(FakeChat):
    """A Slack whose history takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.looked, self.gate = asyncio.Event(), asyncio.Event()

    async def find_posted(self, key: str, place: Place, oldest: float) -> Posted | None:
        self.looked.set()
        await self.gate.wait()
        return await super().find_posted(key, place, oldest)


async def test_a_lane_that_was_lost_while_looking_is_left_to_its_new_owner(
    new_replica: Any, world: Any
) -> None:
    slow, chat = Gated(), FakeChat()
    first = await new_replica(chat=slow, start=False)
    await first.want("card")
    await world.query("UPDATE card SET posting_since = now() - interval '1 minute', attempts = 1")
    await first.start()
    await slow.looked.wait()
    await world.query("UPDATE lane SET owner_until = now() - interval '1 second'")
    await new_replica(chat=chat)
    await until(lambda: chat.shown("C0OPS"), "the new owner shows it")
    slow.gate.set()
    await until(lambda: not first.loop._lanes, "the old owner has noticed")
    assert slow.shown("C0OPS") == []


async def test_a_revoked_token_is_waited_out(replica: Any, world: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(delivery, "REVOKED_PAUSE_SECONDS", 0.5)
    await world.hand("faults", fail={"method": "chat.postMessage", "error": "token_revoked", "times": 1})
    await replica.want("card")
    await until(world.settled, "the card is shown")
    assert await world.keys() == ["card"]
    assert len(await world.calls("chat.postMessage")) == 2
