"""The page with an app behind it: commands, buttons, dialogs, the first three things to try."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp

OpenPage = Callable[..., Awaitable[Page]]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def card(approval: str) -> list[dict[str, Any]]:
    """A message with a header, a section with fields, two buttons and a context line."""
    confirm = {"title": plain("Reject it?"), "text": plain("It stays as it is."), "confirm": plain("Reject")}
    approve = {"type": "button", "action_id": "approval.approve", "value": approval, "style": "primary"}
    reject = {"type": "button", "action_id": "approval.reject", "value": approval, "style": "danger"}
    fields = [{"type": "mrkdwn", "text": "*Risk*\nHigh"}, {"type": "mrkdwn", "text": "*Steps*\n3"}]
    return [
        {"type": "header", "text": plain(f"Approval {approval}")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "Deploy `checkout` *v43*"}, "fields": fields},
        {
            "type": "actions",
            "elements": [
                approve | {"text": plain("Approve")},
                reject | {"text": plain("Reject"), "confirm": confirm},
            ],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "asked by <@U0DEV>"}]},
    ]


async def test_a_message_with_buttons_is_drawn_and_a_dead_app_is_said(
    open_page: OpenPage, sandbox: Any, picture: Any
) -> None:
    await sandbox.bot.chat_postMessage(channel="C0OPS", text="Approval A-7", blocks=card("A-7"))
    page = await open_page("#/U0LEAD/C0OPS")
    message = page.get_by_role("article").filter(has_text="Approval A-7")
    await expect(message.get_by_role("heading", name="Approval A-7")).to_be_visible()
    await expect(message.locator("code")).to_have_text("checkout")
    await expect(message).to_contain_text("asked by @Dev")
    await message.get_by_role("button", name="Approve").click()

    await expect(message.get_by_role("alert")).to_contain_text("not connected")
    await picture(page, "buttons-1400")


async def test_a_click_reaches_the_app_and_the_message_changes(open_page: OpenPage, sandbox: Any) -> None:
    app, clicks = AsyncApp(token="xoxb-sandbox", client=sandbox.bot), []

    @app.action("approval.reject")
    async def reject(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.chat_update(
            channel="C0OPS",
            ts=body["message"]["ts"],
            text=f"A-8 was rejected by <@{body['user']['id']}>",
            blocks=[],
        )

    await sandbox.bot.chat_postMessage(channel="C0OPS", text="Approval A-8", blocks=card("A-8"))
    page = await open_page("#/U0LEAD/C0OPS")
    page.on(
        "request", lambda request: clicks.append(request.post_data_json) if "click" in request.url else None
    )
    async with sandbox.connect(app):
        message = page.get_by_role("article").filter(has_text="Approval A-8")
        await message.get_by_role("button", name="Reject").click()
        dialog = page.get_by_role("dialog", name="Reject it?")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_have_count(0)
        await message.get_by_role("button", name="Reject").click()
        await dialog.get_by_role("button", name="Reject").click()

        await expect(page.get_by_role("log")).to_contain_text("A-8 was rejected by @Lead")
        await expect(message.get_by_role("button", name="Approve")).to_have_count(0)
    assert [click["value"] for click in clicks] == ["A-8"]


async def test_the_three_things_to_try_tick_off(open_page: OpenPage, sandbox: Any) -> None:
    app = AsyncApp(token="xoxb-sandbox", client=sandbox.bot)

    @app.command(re.compile("/.*"))
    async def answer(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"You asked for {command['command']} {command['text']}")

    @app.event("app_mention")
    async def greet(event: dict[str, Any], say: Any) -> None:
        await say(text=f"Hello, <@{event['user']}>!", thread_ts=event["ts"])

    page = await open_page("#/U0DEV/C0OPS")
    hint = page.get_by_role("complementary", name="Three things to try")
    field = page.get_by_role("textbox", name="Message #ops")
    async with sandbox.connect(app):
        await field.press_sequentially("/sta")
        await expect(page.get_by_role("option", name="/status")).to_be_visible()
        await field.press("Enter")
        await expect(field).to_have_value("/status ")
        await field.press_sequentially("T-12")
        await field.press("Enter")
        whisper = page.get_by_role("article").filter(has_text="You asked for /status T-12")
        await expect(whisper).to_contain_text("Only visible to you")
        await expect(hint.get_by_role("img", name="Done")).to_have_count(1)

        await hint.get_by_role("button", name="@Quarterdeck hello").click()
        await field.press("Enter")
        await page.get_by_role("button", name="1 reply").click()
        await expect(page.get_by_role("complementary", name="Thread")).to_contain_text("Hello, @Dev!")
        await field.press_sequentially("/help")
        await field.press("Enter")
        await expect(hint.get_by_role("img", name="Done")).to_have_count(3)
    await hint.get_by_role("button", name="Hide these hints").click()
    await page.reload()
    await expect(page.get_by_role("log", name="Messages in ops")).to_be_visible()
    await expect(hint).to_be_hidden()


async def test_a_command_that_nobody_takes_says_so(open_page: OpenPage) -> None:
    page = await open_page("#/U0DEV/C0OPS")
    field = page.get_by_role("textbox", name="Message #ops")
    await field.fill("/status")
    await field.press("Enter")

    failure = page.get_by_role("article").filter(has_text="/status failed")
    await expect(failure).to_contain_text("The app is not connected")
    await expect(failure).to_contain_text("Only visible to you")
