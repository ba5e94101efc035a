"""The first walk: a real Bolt app answers a command, a mention and a click."""

from typing import Any


async def test_a_command_is_acknowledged_and_its_answer_comes_back(bot: Any, hand: Any) -> None:
    @bot.app.command("/status")
    async def status(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"all well in {command['channel_name']} for {command['text']}")

    answer = await hand("command", user="U0DEV", channel="C0OPS", command="/status", text="T-12")
    assert answer["ok"]
    assert answer["ack_ms"] < 1000
    assert answer["response"]["text"] == "all well in ops for T-12"
    assert answer["response"]["ephemeral_to"] == "U0DEV"


async def test_a_mention_is_answered_with_a_card_and_its_button_works(bot: Any, hand: Any) -> None:
    button = {
        "type": "button",
        "action_id": "task.cancel",
        "value": "T-1",
        "text": {"type": "plain_text", "text": "X"},
    }
    clicked = []

    @bot.app.event("app_mention")
    async def mention(event: dict[str, Any], say: Any) -> None:
        await say(text="card", blocks=[{"type": "actions", "elements": [button]}], thread_ts=event["ts"])

    @bot.app.action("task.cancel")
    async def cancel(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        clicked.append(body)
        await respond(text="gone", blocks=[], replace_original=True)

    said = await hand("say", user="U0DEV", channel="C0OPS", text="@Quarterdeck /status")

    card = await hand.find("C0OPS", text="card")
    assert card["thread_ts"] == said["ts"]
    pressed = await hand("click", user="U0LEAD", channel="C0OPS", ts=card["ts"], action_id="task.cancel")
    assert pressed["ok"]
    assert clicked[0]["user"]["id"] == "U0LEAD"
    assert clicked[0]["actions"][0]["value"] == "T-1"
    await hand.find("C0OPS", text="gone", ts=card["ts"])
    gone = await hand("click", user="U0LEAD", channel="C0OPS", ts=card["ts"], action_id="task.cancel")
    assert (gone["ok"], gone["error"]) == (False, "no_such_button")
