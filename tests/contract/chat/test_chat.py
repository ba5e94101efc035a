"""What every chat behind the port has to do, and how it may fail. The fake and Slack's adapter both pass."""

import time
from typing import Any

import pytest

from domain.card import Content, Place
from domain.chat import ChatBusy, ChatError, ChatRefused, ChatRevoked, ChatUnavailable
from tests.support.wait import until

OPS = Place("C0OPS")
SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "*ready*"}}
READY = Content("ready", [SECTION])
DONE = Content("done", [{**SECTION, "text": {"type": "mrkdwn", "text": "*done*"}}])


async def test_knows_who_it_is(stage: Any) -> None:
    identity = await stage.chat.identify()
    assert identity.user_id == "U0QUARTERDECK"
    assert identity.bot_id
    assert identity.team_id


async def test_post_shows_text_blocks_and_key(stage: Any) -> None:
    posted = await stage.chat.post("task:1", OPS, READY)
    (shown,) = await stage.shown()
    assert (shown.text, shown.blocks, shown.key) == ("ready", [SECTION], "task:1")
    assert (posted.channel, posted.ts, posted.threaded) == ("C0OPS", shown.ts, False)


async def test_reply_stands_in_its_thread(stage: Any) -> None:
    ts = await stage.say("how far is it?")
    posted = await stage.chat.post("task:1", Place("C0OPS", ts), READY)
    assert posted.threaded
    assert (await stage.shown())[-1].thread_ts == ts


async def test_reply_to_a_reply_stands_in_the_same_thread(stage: Any) -> None:
    root = await stage.say("how far is it?")
    reply = await stage.say("anyone?", thread_ts=root)
    assert (await stage.chat.post("task:1", Place("C0OPS", reply), READY)).threaded
    assert (await stage.shown())[-1].thread_ts == root


async def test_reply_to_a_deleted_message_comes_back_not_threaded(stage: Any) -> None:
    ts = await stage.say("how far is it?")
    await stage.delete(ts)
    posted = await stage.chat.post("task:1", Place("C0OPS", ts), READY)
    assert not posted.threaded
    assert [each.thread_ts for each in await stage.shown()] == [None]


async def test_update_replaces_what_is_shown(stage: Any) -> None:
    posted = await stage.chat.post("task:1", OPS, READY)
    await stage.chat.update("task:1", posted.channel, posted.ts, DONE)
    (shown,) = await stage.shown()
    assert (shown.text, shown.blocks, shown.key) == ("done", DONE.blocks, "task:1")


async def test_update_of_a_deleted_message_is_refused(stage: Any) -> None:
    posted = await stage.chat.post("task:1", OPS, READY)
    await stage.delete(posted.ts)
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.update("task:1", posted.channel, posted.ts, DONE)
    assert refusal.value.code == "message_not_found"


async def test_update_of_somebody_elses_message_is_refused(stage: Any) -> None:
    ts = await stage.say("mine")
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.update("task:1", "C0OPS", ts, DONE)
    assert refusal.value.code == "cant_update_message"


async def test_find_posted_in_a_channel(stage: Any, long_ago: float) -> None:
    await stage.chat.post("task:1", OPS, READY)
    wanted = await stage.chat.post("task:2", OPS, READY)
    await stage.chat.update("task:2", wanted.channel, wanted.ts, DONE)
    assert await stage.chat.find_posted("task:2", OPS, long_ago) == wanted
    assert await stage.chat.find_posted("task:3", OPS, long_ago) is None


async def test_find_posted_in_a_thread(stage: Any, long_ago: float) -> None:
    ts = await stage.say("how far is it?")
    wanted = await stage.chat.post("task:1", Place("C0OPS", ts), READY)
    assert await stage.chat.find_posted("task:1", Place("C0OPS", ts), long_ago) == wanted
    assert await stage.chat.find_posted("task:2", Place("C0OPS", ts), long_ago) is None


async def test_find_posted_after_its_parent_was_deleted(stage: Any, long_ago: float) -> None:
    ts = await stage.say("how far is it?")
    await stage.delete(ts)
    stray = await stage.chat.post("task:1", Place("C0OPS", ts), READY)
    found = await stage.chat.find_posted("task:1", Place("C0OPS", ts), long_ago)
    assert found == stray
    assert not found.threaded


async def test_find_posted_looks_back_no_further_than_asked(stage: Any) -> None:
    await stage.chat.post("task:1", OPS, READY)
    assert await stage.chat.find_posted("task:1", OPS, time.time() + 1) is None


async def test_find_posted_does_not_take_words_for_a_key(stage: Any, long_ago: float) -> None:
    await stage.say("task:1")
    assert await stage.chat.find_posted("task:1", OPS, long_ago) is None


@pytest.mark.parametrize(
    ("channel", "code"), [("C0RANDOM", "not_in_channel"), ("C0NOWHERE", "channel_not_found")]
)
async def test_strange_channels_are_refused_by_name(stage: Any, channel: str, code: str) -> None:
    calls = [
        lambda: stage.chat.post("task:1", Place(channel), READY),
        lambda: stage.chat.find_posted("task:1", Place(channel), 0.0),
        lambda: stage.chat.history(channel, 0.0),
        lambda: stage.chat.replies(channel, "1.000001", 0.0),
        lambda: stage.chat.whisper(Place(channel), "U0DEV", READY),
        lambda: stage.chat.update("task:1", channel, "1.000001", READY),
    ]
    for call in calls:
        with pytest.raises(ChatRefused) as refusal:
            await call()
        assert refusal.value.code == code


async def test_archived_channel_is_refused(stage: Any) -> None:
    await stage.archive()
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.post("task:1", OPS, READY)
    assert refusal.value.code == "is_archived"
    assert "C0OPS" not in await stage.chat.channels()


async def test_direct_message(stage: Any) -> None:
    channel = await stage.chat.open_direct("U0DEV")
    assert channel.startswith("D")
    assert channel == await stage.chat.open_direct("U0DEV")
    await stage.chat.post("task:1", Place(channel), READY)
    assert [each.text for each in await stage.shown(channel)] == ["ready"]


@pytest.mark.parametrize(
    ("user", "code"), [("U0NOBODY", "user_not_found"), ("U0QUARTERDECK", "cannot_dm_bot")]
)
async def test_no_direct_message_with_just_anyone(stage: Any, user: str, code: str) -> None:
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.open_direct(user)
    assert refusal.value.code == code


async def test_busy_says_for_how_long_and_nothing_was_done(stage: Any) -> None:
    await stage.be_busy("post", 7)
    with pytest.raises(ChatBusy) as busy:
        await stage.chat.post("task:1", OPS, READY)
    assert busy.value.retry_after == 7
    assert await stage.shown() == []
    await stage.chat.post("task:1", OPS, READY)
    assert len(await stage.shown()) == 1


async def test_server_error_is_weather(stage: Any) -> None:
    await stage.break_down("post")
    with pytest.raises(ChatUnavailable):
        await stage.chat.post("task:1", OPS, READY)
    assert await stage.shown() == []


async def test_lost_answer_is_weather_and_the_message_is_found(stage: Any, long_ago: float) -> None:
    await stage.lose_answer("post")
    with pytest.raises(ChatUnavailable):
        await stage.chat.post("task:1", OPS, READY)
    (shown,) = await stage.shown()
    found = await stage.chat.find_posted("task:1", OPS, long_ago)
    assert found is not None
    assert found.ts == shown.ts


async def test_time_out_is_weather_and_the_call_may_be_done(stage: Any) -> None:
    await stage.be_slow("post")
    with pytest.raises(ChatUnavailable):
        await stage.chat.post("task:1", OPS, READY)
    await until(stage.shown, "the message arrived although nobody waited for the answer")


@pytest.mark.parametrize(
    "operation", ["identify", "open_direct", "post", "update", "history", "replies", "channels", "whisper"]
)
async def test_every_call_fails_in_the_four_ways_only(stage: Any, operation: str) -> None:
    ts = (await stage.chat.post("task:1", OPS, READY)).ts
    call = _call(stage.chat, operation, ts)
    weather: list[tuple[Any, type[ChatError]]] = [
        (stage.be_busy(operation, 3), ChatBusy),
        (stage.break_down(operation), ChatUnavailable),
        (stage.lose_answer(operation), ChatUnavailable),
        (stage.revoke(operation), ChatRevoked),
    ]
    for order, error in weather:
        await order
        with pytest.raises(error) as failure:
            await call()
        assert failure.value.sentence.endswith(".")
    await call()


def _call(chat: Any, operation: str, ts: str) -> Any:
    return {
        "identify": chat.identify,
        "open_direct": lambda: chat.open_direct("U0DEV"),
        "post": lambda: chat.post("task:2", OPS, READY),
        "update": lambda: chat.update("task:1", "C0OPS", ts, DONE),
        "history": lambda: chat.history("C0OPS", 0.0),
        "replies": lambda: chat.replies("C0OPS", ts, 0.0),
        "channels": chat.channels,
        "whisper": lambda: chat.whisper(OPS, "U0DEV", READY),
    }[operation]


async def test_history_is_oldest_first_and_without_replies(stage: Any, long_ago: float) -> None:
    first = await stage.say("one")
    await stage.say("below one", thread_ts=first)
    posted = await stage.chat.post("task:1", OPS, READY)
    last = await stage.say("two")
    found = await stage.chat.history("C0OPS", long_ago)
    assert [each.ts for each in found] == [first, posted.ts, last]
    assert [each.text for each in found] == ["one", "ready", "two"]
    assert [each.is_bot for each in found] == [False, True, False]
    assert (found[0].user, found[1].user) == ("U0DEV", "U0QUARTERDECK")
    assert {each.channel for each in found} == {"C0OPS"}


async def test_history_begins_after_its_bound(stage: Any) -> None:
    first = await stage.say("one")
    second = await stage.say("two")
    assert [each.ts for each in await stage.chat.history("C0OPS", float(first))] == [second]


async def test_history_tells_when_a_thread_was_last_answered(stage: Any, long_ago: float) -> None:
    root = await stage.say("one")
    await stage.say("below one", thread_ts=root)
    last = await stage.say("again below one", thread_ts=root)
    await stage.say("two")
    one, two = await stage.chat.history("C0OPS", long_ago)
    assert (one.latest_reply, two.latest_reply) == (last, None)


async def test_replies_are_oldest_first_bounded_and_without_their_root(stage: Any, long_ago: float) -> None:
    root = await stage.say("one")
    first = await stage.say("below", thread_ts=root)
    posted = await stage.chat.post("task:1", Place("C0OPS", root), READY)
    found = await stage.chat.replies("C0OPS", root, long_ago)
    assert [(each.ts, each.thread_ts) for each in found] == [(first, root), (posted.ts, root)]
    assert [each.ts for each in await stage.chat.replies("C0OPS", root, float(first))] == [posted.ts]


async def test_replies_of_a_thread_that_is_gone_are_none(stage: Any, long_ago: float) -> None:
    ts = await stage.say("one")
    await stage.delete(ts)
    assert await stage.chat.replies("C0OPS", ts, long_ago) == []


async def test_channels_are_those_the_bot_is_in(stage: Any) -> None:
    direct = await stage.chat.open_direct("U0DEV")
    found = await stage.chat.channels()
    assert {"C0OPS", direct} <= set(found)
    assert "C0RANDOM" not in found
    assert len(found) == len(set(found))


async def test_whisper_is_not_in_history(stage: Any, long_ago: float) -> None:
    await stage.chat.whisper(OPS, "U0DEV", READY)
    assert await stage.chat.history("C0OPS", long_ago) == []
    assert await stage.shown() == []


async def test_view_needs_a_trigger(stage: Any) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [SECTION]}
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.open_view("1.2.invented", view)
    assert refusal.value.code == "invalid_trigger_id"


async def test_a_form_that_is_not_open_cannot_be_changed(stage: Any) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": [{"type": "divider"}]}
    with pytest.raises(ChatRefused) as refusal:
        await stage.chat.update_view("V0NOBODY", view)
    assert refusal.value.code == "not_found"
