"""What was said to the bot while it did not hear: found in history and answered, once, and told from what was not
said to it.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.ask import Ask
from domain.card import Content, Place
from domain.chat import ChatUnavailable
from integrations.fakes.chat import IDENTITY, FakeChat
from sandbox.identity import IdSource
from sandbox.server import Sandbox
from storage import inbox
from tests.support.hand import text_of
from tests.support.wait import until
from workflows import conversation
from workflows.reconciliation import PRESENCE, Reconciliation

BOT = "<@U0QUARTERDECK>"


class Earlier(IdSource):
    """Timestamps of a workspace in which everything was said `age` seconds ago."""

    age = 60.0

    def timestamp(self) -> str:
        return f"{float(super().timestamp()) - self.age:.6f}"


@pytest.fixture
def sandbox_ids(sandbox: Sandbox) -> Earlier:
    sandbox.desk.ids = Earlier()
    return sandbox.desk.ids


async def was_here(replica: Any, seconds_ago: float) -> None:
    """The bot was last seen so long ago."""
    async with replica.services.database.unit_of_work() as session:
        await inbox.touch_presence(session, PRESENCE)
    await replica.services.database.quick.execute(
        "UPDATE presence SET seen_at = now() - make_interval(secs => $1)", seconds_ago
    )


Look = Callable[..., Awaitable[int]]


@pytest.fixture
def look() -> Look:
    """`await look(replica)` is one round of a bot that has just started; how often it heard of a miss."""

    async def one_round(replica: Any) -> int:
        reports: list[str] = []
        found = Reconciliation(replica.services, IDENTITY, lambda: reports.append("missed"))
        running = asyncio.create_task(found.run())
        began = await replica.services.database.quick.fetchval("SELECT now()")
        try:
            await until(lambda: _seen_since(replica, began), "one round is complete")
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        return len(reports)

    return one_round


async def _seen_since(replica: Any, began: datetime) -> bool:
    found = await replica.services.database.quick.fetchval("SELECT seen_at FROM presence")
    return found is not None and found > began


async def answers(replica: Any) -> list[tuple[str, str | None, str]]:
    """Channel, thread and text of the answers that are wanted."""
    rows = await replica.services.database.quick.fetch(
        "SELECT channel, thread_ts, content->>'text' AS text FROM card WHERE key LIKE 'reply:%' ORDER BY id"
    )
    return [(row["channel"], row["thread_ts"], row["text"]) for row in rows]


async def test_missed_in_a_channel_a_thread_and_a_direct_message(
    replica: Any, world: Any, sandbox_ids: Earlier, look: Look
) -> None:
    """Over real sockets; the bot was away for two minutes, and all of it was said a minute ago."""
    await was_here(replica, 120)
    mention = await world.hand.say("@Quarterdeck help")
    root = await world.hand.say("does anybody know?", channel="C0ENG")
    await world.hand.say("@Quarterdeck status", channel="C0ENG", thread_ts=root)
    direct = await world.hand.say("hello", channel="D0DEV")
    await world.hand.say("nothing for the bot")

    await look(replica)
    await until(world.settled, "the answers are shown")

    assert {each[:2] for each in await answers(replica)} == {
        ("C0OPS", mention),
        ("C0ENG", root),
        ("D0DEV", direct),
    }
    replies = [m for m in await world.hand.messages("C0OPS") if m["user"] == "U0QUARTERDECK"]
    assert [m["thread_ts"] for m in replies] == [mention]
    assert "/execute" in text_of(replies[0])

    await look(replica)
    assert len(await answers(replica)) == 3, "nothing is answered twice"


async def test_what_was_answered_already_is_left_alone(
    replica: Any, world: Any, sandbox_ids: Earlier, look: Look
) -> None:
    await was_here(replica, 120)
    ts = await world.hand.say("@Quarterdeck help")
    ask = Ask(
        f"message:C0OPS:{ts}", "U0DEV", Place("C0OPS", ts), "help", "c-1", datetime.now(UTC), spoken=True
    )
    assert await conversation.receive(replica.services, ask)
    assert await look(replica) == 0
    assert len(await answers(replica)) == 1


async def test_two_replicas_that_look_at_once_answer_once(
    new_replica: Any, world: Any, sandbox_ids: Earlier, look: Look
) -> None:
    first, second = await new_replica(), await new_replica()
    await was_here(first, 120)
    for _ in range(3):
        await world.hand.say("@Quarterdeck help")
    await asyncio.gather(look(first), look(second))
    await until(world.settled, "the answers are shown")
    assert len(await answers(first)) == 3
    assert len([m for m in await world.hand.messages() if m["metadata"]]) == 3


# With a fake Slack, in which things were said at any time we like.


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat(channels=("C0OPS", "C0ENG", "C0INCIDENTS"))


@pytest.fixture
async def bot(new_replica: Any, chat: FakeChat) -> Any:
    """A replica on that Slack; nothing is delivered, since only what is wanted matters here."""
    return await new_replica(chat=chat, start=False)


def ago(seconds: float) -> float:
    return time.time() - seconds


async def test_the_very_first_start_answers_nothing(bot: Any, chat: FakeChat, look: Look) -> None:
    chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(60))
    await look(bot)
    assert await answers(bot) == []


async def test_nothing_older_than_twelve_hours_is_answered(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 20 * 3600)
    chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(13 * 3600))
    young = chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(11 * 3600))
    await look(bot)
    assert [thread for _, thread, _ in await answers(bot)] == [young]


async def test_what_has_just_been_said_is_left_to_the_sockets(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 60)
    chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(1))
    await look(bot)
    assert await answers(bot) == []


async def test_a_stale_execute_is_told_and_not_started(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 3600)
    chat.say("C0OPS", "U0DEV", f"{BOT} execute roll back checkout", at=ago(11 * 60))
    chat.say("C0ENG", "U0DEV", f"{BOT} execute deploy payments", at=ago(60))
    await look(bot)
    tasks = await bot.services.database.quick.fetch("SELECT request FROM task")
    assert [row["request"] for row in tasks] == ["deploy payments"]
    ((channel, _, text),) = await answers(bot)
    assert channel == "C0OPS"
    assert "I did not start it" in text
    assert "/execute roll back checkout" in text


async def test_bots_and_notices_are_ignored(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 120)
    chat.say("C0OPS", "U0BUILDBOT", f"{BOT} help", at=ago(60), is_bot=True)
    chat.say("C0OPS", "U0DEV", f"{BOT} has joined", at=ago(59), subtype="channel_join")
    await chat.post("task:1", Place("C0OPS"), Content(f"{BOT} help"))
    await look(bot)
    assert await answers(bot) == []


async def test_a_thread_that_began_before_we_left_is_read(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 120)
    root = chat.say("C0OPS", "U0DEV", "does anybody know?", at=ago(1800))
    chat.say("C0OPS", "U0LEAD", f"{BOT} status", root, at=ago(60))
    await look(bot)
    assert [each[:2] for each in await answers(bot)] == [("C0OPS", root)]


async def test_the_thread_below_an_old_card_is_read(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 120)
    root = chat.say("C0OPS", "U0DEV", "a task", at=ago(5 * 3600))
    await bot.want("task:1", place=Place("C0OPS", root))
    await bot.services.database.quick.execute(
        "UPDATE card SET ts = $1, posted_channel = 'C0OPS', shown_version = 1, shown_at = now()",
        f"{ago(5):.6f}",
    )
    chat.say("C0OPS", "U0LEAD", f"{BOT} status", root, at=ago(60))
    await look(bot)
    assert [each[:2] for each in await answers(bot)] == [("C0OPS", root)]


async def test_a_channel_we_were_thrown_out_of_hides_no_other(bot: Any, chat: FakeChat, look: Look) -> None:
    """Its card is younger than a day, so that its thread is looked for in every round."""
    await was_here(bot, 120)
    await bot.want("task:1", place="C0ENG")
    await bot.services.database.quick.execute(
        "UPDATE card SET ts = '1.000001', posted_channel = 'C0ENG', shown_version = 1, shown_at = now()"
    )
    chat.remove("C0ENG")
    ts = chat.say("C0INCIDENTS", "U0DEV", f"{BOT} help", at=ago(60))
    await look(bot)
    assert [each[:2] for each in await answers(bot)] == [("C0INCIDENTS", ts)]


async def test_a_message_that_we_stumble_over_hides_no_other(
    bot: Any, chat: FakeChat, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    await was_here(bot, 120)
    chat.say("C0OPS", "U0DEV", f"{BOT} stumble", at=ago(61))
    ts = chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(60))
    receive = conversation.receive

    async def stumbling(services: Any, ask: Ask) -> bool:
        if ask.text == "stumble":
            raise ValueError("a defect")
        return await receive(services, ask)

    monkeypatch.setattr(conversation, "receive", stumbling)
    await look(bot)
    assert [thread for _, thread, _ in await answers(bot)] == [ts]


async def test_an_interrupted_round_is_made_up_for(bot: Any, chat: FakeChat) -> None:
    """Slack fails in the middle: the rest is not taken for read."""
    await was_here(bot, 120)
    for channel in ("C0OPS", "C0ENG", "C0INCIDENTS"):
        chat.say(channel, "U0DEV", f"{BOT} help", at=ago(60))
    one = Reconciliation(bot.services, IDENTITY, lambda: None)
    one._start = ago(120)
    chat.fail("history", ChatUnavailable("Slack did not answer."), times=1)
    before = await bot.services.database.quick.fetchval("SELECT seen_at FROM presence")
    assert await one.check() == 0
    assert await bot.services.database.quick.fetchval("SELECT seen_at FROM presence") == before
    assert await one.check() == 3


async def test_a_miss_while_we_were_away_is_no_reason_to_distrust_the_sockets(
    bot: Any, chat: FakeChat, look: Look
) -> None:
    await was_here(bot, 120)
    chat.say("C0OPS", "U0DEV", f"{BOT} help", at=ago(60))
    assert await look(bot) == 0
    assert len(await answers(bot)) == 1


async def test_a_miss_while_we_listened_is_reported(
    bot: Any, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.reconciliation.SETTLE_SECONDS", 0.0)
    reports: list[str] = []
    one = Reconciliation(bot.services, IDENTITY, lambda: reports.append("missed"))
    assert await one.check() == 0
    chat.say("C0OPS", "U0DEV", f"{BOT} help")
    assert await one.check() == 1
    assert await one.check() == 0
    assert reports == ["missed"]


async def test_no_word_of_a_person_is_in_the_audit_trail(bot: Any, chat: FakeChat, look: Look) -> None:
    await was_here(bot, 120)
    words = (
        "giraffe",
        "execute giraffe deployment",
        "status giraffe",
        "cancel T-1",
        "help giraffe",
        "please deploy giraffe",
    )
    for n, text in enumerate(words):
        chat.say("C0OPS", "U0DEV", f"{BOT} {text}", at=ago(60 - n))
    await look(bot)
    rows = await bot.services.database.quick.fetch("SELECT * FROM audit")
    assert len(rows) >= len(words)
    trail = str([tuple(row) for row in rows])
    assert "giraffe" not in trail
    assert "U0DEV" not in trail
