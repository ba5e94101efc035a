"""What a person meets: commands, mentions, cards. The bot is a real process, Slack is the sandbox."""

import asyncio

import pytest

from tests.support.hand import Hand, key_of, text_of
from tests.support.process import BotProcess
from tests.support.wait import until


async def card(hand: Hand, key: str, containing: str, channel: str | None = None) -> dict[str, object]:
    """Wait until the card with this key says something."""

    async def look() -> dict[str, object] | None:
        found = [each for each in await hand.cards(channel) if key_of(each) == key]
        assert len(found) < 2, found
        return next((each for each in found if containing in text_of(each)), None)

    found: dict[str, object] = await until(look, f"card {key} says {containing!r}")
    return found


async def reply(hand: Hand, thread_ts: str, channel: str = "C0OPS") -> str:
    """Wait for the bot's answer in a thread."""

    async def look() -> str | None:
        for each in await hand.messages(channel):
            if each["thread_ts"] == thread_ts and each["user"] == "U0QUARTERDECK":
                return text_of(each)
        return None

    found: str = await until(look, f"an answer in thread {thread_ts}")
    return found


async def private(hand: Hand, command: str, **who: str) -> str:
    answer = await hand.command(command, **who)
    assert answer["ok"], answer
    assert answer["response"]["ephemeral_to"] == who.get("user", "U0DEV")
    return text_of(answer["response"])


@pytest.mark.usefixtures("bot")
async def test_help_and_status_answer_in_private(hand: Hand) -> None:
    for command in ("/help", "/qd help", "/qd", "/qd /help"):
        assert "/execute" in await private(hand, command)
    assert "/execute roll back checkout to v41" in await private(hand, "/help execute")
    status = await private(hand, "/status")
    assert "No open tasks" in status
    assert "Slack connected" in status
    assert "engine running" in status


@pytest.mark.usefixtures("bot")
async def test_an_unknown_word_gets_the_nearest_command(hand: Hand) -> None:
    assert "/qd status" in await private(hand, "/qd staus")
    assert "/qd help" in await private(hand, "/qd xyzzy")
    ts = await hand.say("@Quarterdeck /exceute something")
    assert "/execute" in await reply(hand, ts)


@pytest.mark.usefixtures("bot")
async def test_a_task_is_accepted_shown_and_cancelled_by_its_owner_alone(hand: Hand) -> None:
    assert "T-1" in await private(hand, "/execute roll back checkout to v41")
    shown = await card(hand, "task:1", "Waits for approval")
    assert "roll back checkout to v41" in text_of(shown)
    assert "T-1" in await private(hand, "/status")
    assert "Waits for approval" in await private(hand, "/status T-1")
    assert "not yours" in await private(hand, "/cancel T-1", user="U0ONCALL")
    assert "cancelled" in await private(hand, "/cancel T-1")
    await card(hand, "task:1", "Cancelled")
    assert "ended already" in await private(hand, "/cancel T-1")
    assert "There is no T-9" in await private(hand, "/cancel T-9")
    assert "There is no T-9" in await private(hand, "/status T-9")
    assert "/cancel T-12" in await private(hand, "/cancel")
    assert "No open tasks" in await private(hand, "/status")


@pytest.mark.usefixtures("bot")
async def test_the_cancel_button_ends_the_task_and_its_workflow(hand: Hand, bot: BotProcess) -> None:
    await private(hand, "/execute restart search")
    shown = await card(hand, "task:1", "Waits for approval")
    await until(lambda: _started(bot), "the task's workflow has begun")
    press = {"channel": "C0OPS", "ts": shown["ts"], "action_id": "task.cancel"}
    refused = await hand("click", user="U0ONCALL", **press)
    assert refused["ok"], refused
    await until(lambda: _whispered(hand, "U0ONCALL", "not yours"), "who is on call is told why")
    assert (await hand("click", user="U0DEV", **press))["ok"]
    ended = await card(hand, "task:1", "Cancelled")
    assert "task.cancel" not in str(ended["blocks"])
    await until(lambda: _idle(bot), "the workflow has ended")


async def _started(bot: BotProcess) -> bool:
    _, text = await bot.get("/metrics")
    return 'workflow_starts_total{outcome="started",workflow="execution"} 1.0' in text


async def _idle(bot: BotProcess) -> bool:
    _, text = await bot.get("/metrics")
    return "engine_pending_workflows 0.0" in text


async def _whispered(hand: Hand, user: str, words: str) -> bool:
    return any(each["ephemeral_to"] == user and words in text_of(each) for each in await hand.messages())


@pytest.mark.usefixtures("bot")
async def test_the_same_words_work_after_a_mention_in_channel_thread_and_direct_message(hand: Hand) -> None:
    in_channel = await hand.say("@Quarterdeck /status")
    assert "No open tasks" in await reply(hand, in_channel)
    root = await hand.say("let us look at this")
    await hand.say("@Quarterdeck help", thread_ts=root)
    assert "/execute" in await reply(hand, root)
    direct = await hand.say("status", channel="D0DEV")
    assert "No open tasks" in await reply(hand, direct, "D0DEV")
    task = await hand.say("@Quarterdeck execute restart search")
    assert "restart search" in await reply(hand, task)
    await card(hand, "task:1", "Waits for approval")


@pytest.mark.usefixtures("bot")
async def test_talk_never_acts(hand: Hand) -> None:
    ts = await hand.say("@Quarterdeck roll back checkout please")
    answer = await reply(hand, ts)
    assert "nothing was started" in answer
    assert "/execute roll back checkout please" in answer
    hello = await hand.say("@Quarterdeck hello")
    assert "Here I am" in await reply(hand, hello)
    question = await hand.say("@Quarterdeck why is the sky blue?")
    assert "no answer" in await reply(hand, question)
    assert "No open tasks" in await private(hand, "/status")


@pytest.mark.usefixtures("bot")
async def test_what_is_not_said_to_the_bot_is_left_alone(hand: Hand) -> None:
    await hand.say("status T-1 anyone?")
    await hand.say("@Quarterdeck hello", channel="C0ENG")
    await until(lambda: hand.cards("C0ENG"), "the answer elsewhere")
    assert await hand.cards("C0OPS") == []


@pytest.mark.usefixtures("bot")
async def test_what_a_person_types_is_shown_as_typed(hand: Hand) -> None:
    nasty = "ping <!channel> & <https://evil.example|safe> *bold* 🚀 \u202egnp\u202c"
    await private(hand, f"/execute {nasty}")
    shown = await card(hand, "task:1", "Failed")
    assert "<!channel>" not in str(shown["blocks"])
    assert "<https://evil" not in str(shown["blocks"])
    assert "&lt;!channel&gt;" in text_of(shown)
    assert "nothing was started" in await private(hand, "/execute " + "x" * 4_001)


@pytest.mark.usefixtures("bot")
async def test_a_channel_without_the_bot_is_told_once_and_healed_by_an_invitation(hand: Hand) -> None:
    for request in ("first", "second"):
        await private(hand, f"/execute {request}", channel="C0RANDOM")

    async def told() -> list[str]:
        texts = [text_of(each) for each in await hand.messages("D0DEV")]
        return [text for text in texts if "cannot show" in text]

    assert "/invite" in (await until(told, "the asker hears why"))[0]
    assert "cannot write" in await private(hand, "/status")
    invited = await hand("invite", user="U0DEV", channel="C0RANDOM", who="U0QUARTERDECK")
    assert invited["ok"], invited
    await card(hand, "task:1", "first", "C0RANDOM")
    await card(hand, "task:2", "second", "C0RANDOM")
    assert len(await told()) == 1


@pytest.mark.usefixtures("bot")
async def test_a_repeated_envelope_does_nothing_twice(hand: Hand) -> None:
    await hand("faults", duplicate_next=True)
    await hand.command("/execute once")
    await hand("faults", duplicate_next=True)
    ts = await hand.say("@Quarterdeck hello")
    await reply(hand, ts)
    await card(hand, "task:1", "once")
    await private(hand, "/execute twice")
    await card(hand, "task:2", "twice")
    keys = [key_of(each) for each in await hand.cards()]
    assert sorted(keys) == sorted({"task:1", "task:2", f"reply:message:C0OPS:{ts}"}), keys


@pytest.mark.usefixtures("bot")
async def test_many_at_once_are_all_accepted_with_numbers_of_their_own(hand: Hand) -> None:
    answers = await asyncio.gather(*(hand.command(f"/execute task {number}") for number in range(20)))
    assert all(answer["ok"] for answer in answers), answers

    async def shown() -> bool:
        return {key_of(each) for each in await hand.cards()} == {f"task:{number}" for number in range(1, 21)}

    await until(shown, "twenty cards")


@pytest.mark.usefixtures("bot")
async def test_what_was_asked_for_in_private_stays_private(hand: Hand) -> None:
    secret = "restart search quietly"
    await hand.command(f"/execute {secret}", channel="D0DEV")
    assert secret not in await private(hand, "/status T-1", user="U0LEAD", channel="C0ENG")
    assert secret in await private(hand, "/status T-1", channel="C0ENG")
    for words in ("@Quarterdeck status", "@Quarterdeck status T-1"):
        ts = await hand.say(words, channel="C0ENG")
        assert secret not in await reply(hand, ts, "C0ENG")
    assert secret in await private(hand, "/status", channel="C0ENG")
