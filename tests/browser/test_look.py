"""How it looks: pictures for people, and what a picture cannot miss (nothing runs out of the window)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

OpenPage = Callable[..., Awaitable[Page]]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def cells(*texts: str) -> list[dict[str, str]]:
    return [{"type": "raw_text", "text": text} for text in texts]


def rich_text() -> dict[str, Any]:
    item = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "p95", "style": {"code": True}}],
    }
    person = {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ONCALL"}]}
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [item, person]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x" * 300}]},
        ],
    }


EVERYTHING: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Deploy checkout v43")},
    {"type": "section", "text": mrkdwn("*Bold* and `code` and " + "a-word-without-a-break" * 20)},
    {"type": "section", "fields": [mrkdwn("*Risk*\n:red_circle: High"), mrkdwn("*Steps*\n3")]},
    {"type": "divider"},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "yes", "style": "primary", "text": plain("Approve")},
            {"type": "button", "action_id": "no", "style": "danger", "text": plain("Reject")},
            {
                "type": "static_select",
                "action_id": "later",
                "placeholder": plain("Remind me"),
                "options": [{"text": plain("In an hour"), "value": "60"}],
            },
            {"type": "datepicker", "action_id": "day"},
        ],
    },
    rich_text(),
    {"type": "markdown", "text": "## Numbers\n\n1. one\n2. two\n\n- a\n  - b\n"},
    {"type": "table", "rows": [cells(*(f"A rather long column {n}" for n in range(8))), cells(*"12345678")]},
    {"type": "image", "image_url": "https://example.com/graph.png", "alt_text": "Errors in the last hour"},
    {"type": "context", "elements": [mrkdwn("asked by <@U0DEV> in <#C0OPS>")]},
]


@pytest.mark.parametrize(("width", "dark"), [(400, False), (400, True), (1400, False), (1600, True)])
async def test_every_kind_of_block_stays_in_the_window(
    open_page: OpenPage, sandbox: Any, picture: Any, width: int, dark: bool
) -> None:
    root = (await sandbox.bot.chat_postMessage(channel="C0INCIDENTS", text="card", blocks=EVERYTHING))["ts"]
    await sandbox.hand("say", user="U0LEAD", channel="C0INCIDENTS", text="looks right", thread_ts=root)
    page = await open_page("#/U0DEV/C0INCIDENTS", width=width, height=1000, dark=dark)
    message = page.locator(f"article[data-ts='{root}']")
    await expect(message.get_by_role("table").get_by_role("columnheader")).to_have_count(8)
    await expect(message.get_by_role("img", name="Errors in the last hour")).to_be_visible()
    name = f"{'dark' if dark else 'light'}-{width}"
    await picture(page, name)
    await message.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_role("complementary", name="Thread")).to_contain_text("looks right")
    await picture(page, f"{name}-thread")

    overflowing = (
        "[...document.querySelectorAll('.timeline-scroll')].filter(n => n.scrollWidth > n.clientWidth).length"
    )
    assert await page.evaluate(overflowing) == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    white = await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert white is not dark
