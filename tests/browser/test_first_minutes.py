"""The README's first five minutes, step by step, with the real bot."""

from collections.abc import Awaitable, Callable

import aiohttp
from playwright.async_api import Locator, Page, expect

from tests.support.process import BotProcess

OpenPage = Callable[..., Awaitable[Page]]
Picture = Callable[[Page, str], Awaitable[None]]


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

    await send(page, "/help")
    await expect(channel.get_by_text("What you can ask me")).to_be_visible()
    await expect(channel.get_by_text("Only visible to you").first).to_be_visible()
    await send(page, "/status")
    await expect(channel.get_by_text("No open tasks")).to_be_visible()

    await send(page, "@Quarterdeck hello")
    await expect(channel.get_by_role("button", name="1 reply")).to_be_visible()

    await send(page, "/execute roll back checkout to v41")
    await expect(card(page, "T-1")).to_contain_text("Waits for approval")
    await expect(card(page, "T-1")).to_contain_text("high risk")
    await picture(page, "first-minutes")

    await card(page, "T-1").get_by_role("button", name="Approve").click()
    await expect(channel.get_by_text("You asked for A-1 yourself")).to_be_visible()
    assert await version_of_checkout(sandbox_url) == "v42"

    await bot.kill()
    await bot.start()

    lead = await open_page(f"{sandbox_url}/#/U0LEAD/C0OPS", width=1280, height=960)
    await card(lead, "T-1").get_by_role("button", name="Approve").click()
    await expect(card(lead, "T-1")).to_contain_text("Done")
    await expect(card(lead, "T-1")).to_contain_text("approved by @Lead")
    assert await version_of_checkout(sandbox_url) == "v41"
    await card(lead, "T-1").get_by_role("button", name="1 reply").click()
    await expect(lead.get_by_role("complementary").get_by_text("T-1 ✅ Done")).to_be_visible()
    await picture(lead, "first-minutes-done")

    await send(page, "/execute restart search")
    await card(page, "T-2").get_by_role("button", name="Cancel").click()
    await expect(card(page, "T-2")).to_contain_text("Cancelled")
