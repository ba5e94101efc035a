"""The README's first five minutes, step by step, with the real bot."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.support.process import BotProcess

OpenPage = Callable[..., Awaitable[Page]]
Picture = Callable[[Page, str], Awaitable[None]]


async def send(page: Page, text: str) -> None:
    """Type into the channel's composer and send."""
    composer = page.get_by_role("textbox", name="Message #ops")
    await composer.fill(text)
    await composer.press("Escape")
    await composer.press("Enter")


async def test_the_readmes_first_five_minutes(
    bot: BotProcess, sandbox_url: str, open_page: OpenPage, picture: Picture
) -> None:
    page = await open_page(f"{sandbox_url}/#/U0DEV/C0OPS", width=1280, height=860)
    channel = page.get_by_role("main")

    await send(page, "/help")
    await expect(channel.get_by_text("What you can ask me")).to_be_visible()
    await expect(channel.get_by_text("Only visible to you").first).to_be_visible()
    await send(page, "/status")
    await expect(channel.get_by_text("No open tasks")).to_be_visible()

    await send(page, "@Quarterdeck hello")
    await channel.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_text("Here I am.")).to_be_visible()

    await send(page, "/execute roll back checkout to v41")
    card = channel.get_by_role("article").filter(has=page.get_by_role("button", name="Cancel"))
    await expect(card).to_contain_text("roll back checkout to v41")
    await picture(page, "first-minutes")

    await bot.kill()
    await bot.start()
    await send(page, "/status T-1")
    answer = channel.get_by_role("article").filter(has_text="Asked by").filter(has_text="Only visible to you")
    await expect(answer).to_contain_text("Waits for approval")

    await card.get_by_role("button", name="Cancel").click()
    await expect(channel.get_by_role("article").filter(has_text="Cancelled")).to_contain_text(
        "roll back checkout"
    )
    await picture(page, "first-minutes-cancelled")
