"""How `/execute` fails: a deployer in every mood, strange words, deleted cards, a closed channel. Nothing is lost, and
each failure has a sentence. One bot for the module; each test has a service of its own.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.postgres import Cluster
from tests.support.hand import key_of, text_of
from tests.support.office import BOT, Office, open_office
from tests.support.wait import until

PACKAGED = Path(__file__).parents[2] / "bot/defaults/actions.yaml"
UNREPEATABLE = """
  purge_cache:
    description: Empty the cache of a service.
    examples:
      - purge the cache of checkout
      - empty the cache of search in staging
    effect: update
    risk: {operation: purge}
    parameters:
      service: *service
      environment: *environment
    http:
      method: POST
      address: ${QD_DEPLOYER_URL}/restarts
      headers: {Authorization: "Bearer ${QD_DEPLOYER_TOKEN}", Idempotency-Key: not-one-for-each-call}
      body: {service: "{service}", environment: "{environment}"}
      success: *accepted
      timeout_seconds: 0.4
      retries: 2
      allow_private: true
"""


@pytest.fixture(scope="module")
async def office(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot with a catalogue in which restarts are impatient and one action cannot be repeated."""
    folder = tmp_path_factory.mktemp("fails")
    head, restart, tail = PACKAGED.read_text().partition("\n  restart:\n")
    tail = tail.replace("timeout_seconds: 10", "timeout_seconds: 0.4", 1).replace(
        "retries: 3", "retries: 1", 1
    )
    catalogue = folder / "actions.yaml"
    catalogue.write_text(head + restart + tail + UNREPEATABLE)
    async with open_office(cluster, folder, QD_ACTIONS=str(catalogue)) as office:
        yield office


async def run(office: Office, request: str) -> int:
    """Ask for something risky, and have a lead approve it."""
    task = await office.execute(request)
    await office.approve(task, "U0LEAD")
    return task


async def test_500_fails_the_task_and_says_what_was_answered(office: Office) -> None:
    await office.fault("error", service="auth", status=500)
    task = await run(office, "restart auth")
    card = await office.card(task, "Failed")
    assert "answered 500" in text_of(card)
    assert await office.effects(task) == {"1": 0}
    report = await office.posted(f"report:{task}", "Step 1 failed.")
    assert report["thread_ts"] == card["ts"]


async def test_weather_is_waited_out_and_the_card_says_so(office: Office) -> None:
    await office.fault("error", service="auth", status=503)
    task = await run(office, "restart auth")
    await office.card(task, "; attempt 2 follows in 0.5 s")
    done = await office.card(task, "Done")
    assert "attempt 2 follows" not in text_of(done)
    assert "2 attempts" in await office.status(task)
    assert await office.effects(task) == {"1": 1}


@pytest.mark.parametrize("mode", ["hang", "late", "lost"])
async def test_an_answer_that_does_not_come_is_asked_for_again_under_the_same_key(
    office: Office, mode: str
) -> None:
    await office.fault(mode, service="search", delay_s=2)
    task = await run(office, "restart search")
    await office.card(task, "Done")
    assert await office.effects(task) == {"1": 1}


async def test_no_answer_at_all_is_doubt_and_a_person_is_asked(office: Office) -> None:
    await office.fault("hang", service="search", times=2)
    task = await run(office, "restart search")
    words = text_of(await office.card(task, "In doubt"))
    assert "not answered within 0.4 s (2 attempts). It may have been done or not." in words
    assert "Please look what is true" in words


async def test_in_doubt_after_something_was_done_offers_to_take_that_back(office: Office) -> None:
    await office.fault("hang", action="restart", times=2)
    task = await office.execute("scale checkout to 4 replicas in staging, then restart checkout in staging")
    await office.approve(task, "U0LEAD")
    card = await office.card(task, "In doubt")
    assert (await office.click(card, "task.undo", "U0DEV"))["ok"]
    back = await until(lambda: office.find_task(f"Undo T-{task}"), "taking back is a task of its own")
    await office.card(back, "Waits for approval")
    await office.private(f"/cancel T-{back}")


async def test_what_cannot_be_repeated_is_not(office: Office) -> None:
    before = await office.world()
    await office.fault("late", service="payments", delay_s=1)
    task = await office.execute("purge the cache of payments")
    await office.card(task, "In doubt")
    seen = {each["idempotency_key"]: each["requests"] for each in (await office.world())["calls"]}
    assert "not-one-for-each-call" not in str(before["calls"])
    assert seen["not-one-for-each-call"] == 1


async def test_200_with_an_error_in_its_body_is_a_failure(office: Office) -> None:
    await office.fault("body", service="auth")
    task = await run(office, "restart auth")
    words = text_of(await office.card(task, "Failed"))
    assert "answered 200, but `ok` is not what it should be" in words
    assert "deploy_failed" in words


async def test_a_failed_step_takes_the_one_before_it_back(office: Office) -> None:
    await office.fault("body", service="checkout", environment="production")
    task = await office.execute("deploy checkout v104 to staging, then to production")
    before = await office.version("checkout", "staging")
    await office.approve(task, "U0LEAD")
    words = text_of(await office.card(task, "Failed, and undone"))
    assert "Step 2 failed. Taken back: step 1." in words
    assert await office.version("checkout", "staging") == before
    assert await office.effects(task) == {"1": 1, "2": 0, "1:undo": 1}
    await office.posted(f"report:{task}", "Taken back: step 1.")


async def test_what_could_not_be_taken_back_is_said(office: Office) -> None:
    await office.fault("body", action="deploy", service="checkout", times=2)
    task = await office.execute(
        "roll back checkout to v15 in staging, then deploy checkout v19 to production"
    )
    await office.approve(task, "U0LEAD")
    words = text_of(await office.card(task, "Not taken back: step 1; please look at it."))
    assert "Failed, and undone" not in words
    assert await office.version("checkout", "staging") == "v15"


async def test_a_long_request_is_refused_in_a_sentence_and_starts_nothing(office: Office) -> None:
    before = await office.rows.fetchval("SELECT count(*) FROM task")
    words = await office.private("/execute " + "deploy checkout v43 " * 500)
    assert "9,999 characters" in words
    assert "nothing was started" in words
    assert await office.rows.fetchval("SELECT count(*) FROM task") == before


STRANGE = (
    "a <!channel> b <https://evil.example|docs> c <@U0LEAD> d @here e \u202egnp.exe f \x07 g שלום",
    "h 👩‍👩‍👧‍👦 i",
)


async def test_strange_words_are_shown_as_they_were_typed_and_do_nothing(office: Office) -> None:
    task = await office.execute("post '" + " ".join(STRANGE) + "'")
    done = await office.card(task, "Done")
    message = await office.posted(f"step:T-{task}:1", "a ")
    answer = await office.hand.command(f"/status T-{task}")
    for shown in (done, message, answer["response"]):
        written = "\n".join(_markup(shown))
        assert "<!channel>" not in written
        assert "&lt;!channel&gt;" in written
        assert "<https://evil" not in written
        assert "<@U0LEAD>" not in written
        assert "@here" not in written
        assert "\u202e" not in written
        assert "\x07" not in written
        assert "שלום" in written
        assert "👩‍👩‍👧‍👦" in written


def _markup(message: Any) -> list[str]:
    """Every text of a message that Slack reads as markup."""
    if isinstance(message, list):
        return [text for each in message for text in _markup(each)]
    if not isinstance(message, dict) or message.get("type") in {"plain_text", "rich_text"}:
        return []
    own = [message["text"]] if isinstance(message.get("text"), str) else []
    return own + [text for each in message.values() for text in _markup(each)]


async def test_a_message_for_another_channel_is_posted_there(office: Office) -> None:
    task = await office.execute('announce "v43 is out" in #engineering')
    await office.card(task, "Done")
    message = await office.posted(f"step:T-{task}:1", "v43 is out")
    assert message in await office.hand.messages("C0ENG")


async def test_a_reason_is_text_as_well(office: Office) -> None:
    task = await office.execute("restart search")
    card = await office.card(task, "Waits for approval")
    await office.click(card, "approval.reject", "U0LEAD")
    await office.fill_in("U0LEAD", "<!everyone> see <https://evil.example|here>")
    rejected = await office.card(task, "Rejected")
    written = "\n".join(_markup(rejected))
    assert "&lt;!everyone&gt;" in written
    assert "<https://evil" not in written


async def test_a_new_message_disturbs_nobody_who_acted(office: Office) -> None:
    task = await run(office, "restart search")
    await office.card(task, "<@U0DEV>")
    done = await office.card(task, "Done")
    assert "approved by <@U0LEAD>" in text_of(done)
    await office.hand.say(f"@Quarterdeck status T-{task}")
    await until(lambda: _public_status(office, task), "the status is told in the channel, names included")
    calls = [each for each in await office.hand.log() if each.get("method") == "chat.postMessage"]
    assert calls
    for each in calls:
        if "restart search" in str(each):
            assert "<@U0" not in str(each), each


async def _public_status(office: Office, task: int) -> bool:
    found = [each for each in await office.hand.cards() if (key_of(each) or "").startswith("reply:")]
    return any(f"T-{task}" in text_of(each) and "<@U0DEV>" in text_of(each) for each in found)


async def test_a_card_that_somebody_deletes_while_it_waits_is_shown_again(office: Office) -> None:
    task = await office.execute("restart search")
    card = await office.card(task, "Waits for approval")
    await office.hand("delete", user="U0LEAD", channel="C0OPS", ts=card["ts"])
    again = await until(lambda: _another(office, task, card["ts"]), "the card is posted again")
    assert (await office.click(again, "approval.approve", "U0LEAD"))["ok"]
    done = await office.card(task, "Done")
    assert done["ts"] == again["ts"]
    assert (await office.posted(f"report:{task}"))["thread_ts"] == again["ts"]
    # Nobody can act on it any more: now it stays away.
    await office.hand("delete", user="U0LEAD", channel="C0OPS", ts=again["ts"])
    other = await office.execute("show the version of search")
    await office.card(other, "Done")
    assert f"task:{task}" not in {key_of(each) for each in await office.hand.cards()}


async def _another(office: Office, task: int, ts: str) -> dict[str, Any] | None:
    found = [each for each in await office.hand.cards() if key_of(each) == f"task:{task}"]
    return next((each for each in found if each["ts"] != ts), None)


async def test_a_bot_thrown_out_while_it_waits_says_so_once_and_goes_on_when_it_is_back(
    office: Office,
) -> None:
    task = await office.execute("restart auth")
    card = await office.card(task, "Waits for approval")
    await office.hand("kick", user="U0LEAD", channel="C0OPS", who=BOT)
    await office.click(card, "approval.approve", "U0LEAD")
    await office.told("U0DEV", "Invite me there")
    other = await office.execute("restart search")
    await until(lambda: _is_restarted(office, task), "the step is done all the same")
    await until(lambda: _is_waiting(office, other), "the new task waits")
    assert "I cannot write in" in await office.private("/status")
    await office.hand("invite", user="U0LEAD", channel="C0OPS", who=BOT)
    await office.card(task, "Done")
    await office.card(other, "Waits for approval")
    direct = [text_of(each) for each in await office.hand.messages("D0DEV")]
    assert len([each for each in direct if "Invite me there" in each]) == 1
    await office.private(f"/cancel T-{other}")


async def _is_restarted(office: Office, task: int) -> bool:
    return await office.effects(task) == {"1": 1}


async def _is_waiting(office: Office, task: int) -> bool:
    return "Waits for approval" in await office.status(task)
