"""What Slack does not let us show: told once to the person who asked, visible in /status, healed when it can be."""

from typing import Any

from domain.card import CardDraft, Content, Place
from storage import card as cards
from tests.support.hand import text_of
from tests.support.wait import until
from workflows import delivery, overview


async def direct_messages(world: Any, channel: str) -> list[str]:
    return [text_of(message) for message in await world.hand.messages(channel)]


async def test_a_channel_without_us_is_told_once_stays_visible_and_heals(replica: Any, world: Any) -> None:
    for key, asker in [("one", "U0DEV"), ("two", "U0DEV"), ("three", "U0LEAD")]:
        await replica.want(key, place="C0RANDOM", asker=asker)
    await until(lambda: world.keys("D0DEV"), "the first asker hears of it")
    await until(lambda: world.keys("D0LEAD"), "the other asker hears of it")
    (told,) = await direct_messages(world, "D0DEV")
    assert "<#C0RANDOM>" in told
    assert "/invite @Quarterdeck" in told
    facts = await overview.gather(replica.services, "U0DEV", "C0OPS")
    assert [(each.channel, each.waiting) for each in facts.faults] == [("C0RANDOM", 3)]
    assert "/invite @Quarterdeck" in facts.faults[0].reason
    assert facts.backlog == 3

    # Tried again and refused again: nobody hears of it twice.
    before = len(await world.calls("chat.postMessage", channel="C0RANDOM"))
    await replica.want("four", place="C0RANDOM", asker="U0LEAD")
    await until(lambda: _tried(world, before + 1), "it was tried again")
    await world.hand("invite", user="U0DEV", channel="C0RANDOM", who="U0QUARTERDECK")
    await delivery.reopen(replica.services, "C0RANDOM")
    await until(world.settled, "everything is shown")
    assert await world.keys("C0RANDOM") == ["one", "two", "three", "four"]
    assert len(await direct_messages(world, "D0DEV")) == len(await direct_messages(world, "D0LEAD")) == 1
    assert (await overview.gather(replica.services, "U0DEV", "C0OPS")).faults == []
    looked = await world.calls("conversations.history")
    assert looked == [], "a refusal leaves no doubt"


async def _tried(world: Any, times: int) -> bool:
    return len(await world.calls("chat.postMessage", channel="C0RANDOM")) >= times


async def test_whoever_asks_later_hears_at_once(replica: Any, world: Any) -> None:
    """The lane waits five minutes after a refusal; somebody new is not to wait that long for the reason."""
    await replica.want("one", place="C0RANDOM", asker="U0DEV")
    await until(lambda: world.keys("D0DEV"), "the first asker hears of it")
    await replica.want("two", place="C0RANDOM", asker="U0LEAD")
    await until(lambda: world.keys("D0LEAD"), "the second asker hears of it", 5)


async def test_a_channel_that_is_not_there(replica: Any, world: Any) -> None:
    await replica.want("card", place="C0NOWHERE", asker="U0DEV")
    await until(lambda: world.keys("D0DEV"), "the asker hears of it")
    assert "cannot see it" in (await direct_messages(world, "D0DEV"))[0]
    facts = await overview.gather(replica.services, "U0DEV", "C0OPS")
    assert [each.channel for each in facts.faults] == ["C0NOWHERE"]


async def test_being_thrown_out_and_invited_again(replica: Any, world: Any) -> None:
    await replica.want("card", "old", asker="U0DEV")
    await until(world.keys, "the card is shown")
    await world.hand("kick", user="U0DEV", channel="C0OPS", who="U0QUARTERDECK")
    await replica.revise("card", "new")
    await until(lambda: world.keys("D0DEV"), "the asker hears of it")
    await world.hand("invite", user="U0DEV", channel="C0OPS", who="U0QUARTERDECK")
    await delivery.reopen(replica.services, "C0OPS")
    await until(world.settled, "the card is up to date")
    assert [m["text"] for m in await world.hand.messages() if m["metadata"]] == ["new"]


async def test_a_message_that_a_person_deleted_stays_away(replica: Any, world: Any) -> None:
    await replica.want("task:1", "old")
    await until(world.keys, "the card is shown")
    (message,) = await world.hand.messages()
    await world.hand("delete", user="U0LEAD", channel="C0OPS", ts=message["ts"])
    await replica.revise("task:1", "new")
    await replica.want("other")
    await until(world.settled, "there is nothing more to do")
    assert await world.keys() == ["other"]
    assert await world.value("SELECT state FROM card WHERE key = 'task:1'") == "gone"
    async with replica.services.database.unit_of_work() as session:
        assert await cards.find_trouble(session, "task:1") == ("gone", "message_not_found")


async def test_a_reply_whose_parent_was_deleted_says_so_once(replica: Any, world: Any) -> None:
    parent = await world.hand.say("how far is it?")
    await world.hand("delete", user="U0DEV", channel="C0OPS", ts=parent)
    await replica.want("reply", "half way", Place("C0OPS", parent))
    await until(world.settled, "the reply is shown")
    await replica.revise("reply", "there")
    await until(world.settled, "the reply is up to date")
    (message,) = await world.hand.messages()
    assert message["thread_ts"] is None
    assert message["text"] == "there"
    assert text_of(message).count("The message that this replies to was deleted.") == 1


async def test_content_that_slack_refuses_is_told_and_holds_up_nobody(replica: Any, world: Any) -> None:
    bad = Content("bad", [{"type": "section"}])
    async with replica.services.database.unit_of_work() as session:
        await cards.show(session, CardDraft("card", Place("C0OPS"), bad, asker="U0DEV"))
    await replica.want("next")
    await until(world.settled, "the next card is shown")
    await until(lambda: world.keys("D0DEV"), "the asker hears of it")
    assert await world.keys() == ["next"]
    told = (await direct_messages(world, "D0DEV"))[0]
    assert "`invalid_blocks`" in told
    assert "administrator" not in told
    assert (await overview.gather(replica.services, "U0DEV", "C0OPS")).failed == 1

    await replica.revise("card", "good")
    await until(world.settled, "the better content is shown")
    assert await world.keys() == ["next", "card"]
    assert len(await direct_messages(world, "D0DEV")) == 1
    assert (await overview.gather(replica.services, "U0DEV", "C0OPS")).failed == 0


async def test_a_person_as_a_place_is_their_direct_message(replica: Any, world: Any) -> None:
    await replica.want("card", "for you", "U0LEAD")
    await until(world.settled, "the card is shown")
    assert await world.keys("D0LEAD") == ["card"]
    await replica.revise("card", "for you, again")
    await until(world.settled, "the card is up to date")
    assert await world.texts("D0LEAD") == ["for you, again"]


async def test_a_person_who_does_not_exist_ends_in_no_circle(replica: Any, world: Any) -> None:
    await replica.want("card", place="C0RANDOM", asker="U0NOBODY")
    await until(lambda: world.value("SELECT fault FROM lane WHERE channel = 'U0NOBODY'"), "it was tried")
    facts = await overview.gather(replica.services, "U0NOBODY", "C0OPS")
    assert {each.channel for each in facts.faults} == {"C0RANDOM", "U0NOBODY"}
    assert await world.value("SELECT count(*) FROM card") == 2
