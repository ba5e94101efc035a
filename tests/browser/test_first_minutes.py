"""The README's first five minutes, step by step, with the real bot."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from playwright.async_api import Locator, Page, expect

from tests.support.process import BotProcess

OpenPage = Callable[..., Awaitable[Page]]
Picture = Callable[[Page, str], Awaitable[None]]


README = Path(__file__).parents[2] / "README.md"


def said_in_the_readme() -> list[str]:
    """What the first five minutes tell a newcomer to type, in its order."""
    section = README.read_text("utf-8").partition("## First five minutes")[2].partition("\nTo see what")[0]
    return re.findall(r"`([/@][^`]+)`", section)


async def send(page: Page, text: str) -> None:
    """Type into the channel's composer and send."""
    composer = page.get_by_role("textbox", name="Message #ops")
    await composer.fill(text)
    await composer.press("Escape")
    await composer.press("Enter")


def card(page: Page, task: str) -> Locator:
    """The living card of a task: not the private answers about it."""
    article = page.get_by_role("main").get_by_role("article")
    return (
        article.filter(has_text=task).filter(has_text="Asked by").filter(has_not_text="Only visible to you")
    )


async def version_of_checkout(sandbox_url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox_url}/_world") as answer:
        services = (await answer.json())["services"]
    names = {(each["name"], each["environment"]): each["version"] for each in services}
    return str(names["checkout", "production"])


async def test_the_readmes_first_five_minutes(
    bot: BotProcess, sandbox_url: str, open_page: OpenPage, picture: Picture
) -> None:
    page = await open_page(f"{sandbox_url}/#/U0DEV/C0OPS", width=1280, height=960)
    channel = page.get_by_role("main")
    help_, status, hello, execute, receipt = said_in_the_readme()

    await send(page, help_)
    await expect(channel.get_by_text("What you can ask me")).to_be_visible()
    await expect(channel.get_by_text("Only visible to you").first).to_be_visible()
    await send(page, status)
    await expect(channel.get_by_text("No open tasks")).to_be_visible()

    await send(page, hello)
    await expect(channel.get_by_role("button", name="1 reply")).to_be_visible()

    await send(page, execute)
    await expect(card(page, "T-1")).to_contain_text("Waits for approval")
    await expect(card(page, "T-1")).to_contain_text("high risk")
    await picture(page, "first-minutes")

    await card(page, "T-1").get_by_role("button", name="Approve").click()
    await expect(channel.get_by_text("You asked for A-1 yourself")).to_be_visible()
    assert await version_of_checkout(sandbox_url) == "v42"

    await bot.kill()
    await bot.start()

    lead = await open_page(f"{sandbox_url}/#/U0DEV/C0OPS", width=1280, height=960)
    await lead.get_by_role("button", name="Acting as Dev").click()
    await lead.get_by_role("menuitemradio", name="Lead, Tech lead").click()
    await card(lead, "T-1").get_by_role("button", name="Approve").click()
    await expect(card(lead, "T-1")).to_contain_text("Done")
    await expect(card(lead, "T-1")).to_contain_text("approved by @Lead")
    assert await version_of_checkout(sandbox_url) == "v41"
    await card(lead, "T-1").get_by_role("button", name="1 reply").click()
    await expect(lead.get_by_role("complementary").get_by_text("T-1 ✅ Done")).to_be_visible()
    await picture(lead, "first-minutes-done")

    await send(page, receipt)
    await expect(channel.get_by_text("receipt T-1:1")).to_be_visible()

    await send(page, "/execute restart search")
    await card(page, "T-2").get_by_role("button", name="Cancel").click()
    await expect(card(page, "T-2")).to_contain_text("Cancelled")
