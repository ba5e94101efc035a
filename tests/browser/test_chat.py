"""The page as somebody uses it who has used a chat client before."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect

OpenPage = Callable[..., Awaitable[Page]]


async def test_it_opens_with_the_channels_of_the_person(open_page: OpenPage) -> None:
    page = await open_page()

    names = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(names).to_have_text(["ops", "incidents", "engineering", "random", re.compile("Quarterdeck")])
    await expect(page.get_by_role("heading", name="ops", level=1)).to_be_visible()
    await expect(page.get_by_role("button", name="Acting as Dev")).to_be_visible()


async def test_what_is_written_appears_with_its_markup(open_page: OpenPage) -> None:
    page = await open_page("#/U0DEV/C0ENG")
    field = page.get_by_role("textbox", name="Message #engineering")
    await field.press_sequentially("two <b> *lines*")
    await field.press("Shift+Enter")
    await field.press_sequentially("for @lead")
    await field.press("Escape")
    await field.press("Enter")

    message = page.get_by_role("log").get_by_role("article", name=re.compile("^Dev,")).last
    await expect(message).to_contain_text("two <b> lines for @Lead")
    await expect(message.locator("strong")).to_have_text("lines")
    await expect(field).to_have_value("")


async def test_two_people_in_two_tabs_see_each_other_at_once(open_page: OpenPage, sandbox: Any) -> None:
    lead = await open_page("#/U0LEAD/C0OPS")
    await expect(lead.get_by_role("log", name="Messages in ops")).to_be_visible()
    dev = await open_page("#/U0DEV/C0INCIDENTS")
    field = dev.get_by_role("textbox", name="Message #incidents")
    await field.fill("@lead are you there?")
    await field.press("Enter")

    await expect(lead.get_by_role("link", name="incidents 1 unread")).to_be_visible()
    await lead.get_by_role("link", name="incidents 1 unread").click()
    await expect(lead.get_by_role("separator", name="New")).to_be_visible()
    await expect(lead.get_by_role("log")).to_contain_text("@Lead are you there?")
    await expect(lead.get_by_role("link", name="incidents", exact=True)).to_be_visible()


async def test_switching_the_person_changes_the_view_and_keeps_each_ones_place(
    open_page: OpenPage, sandbox: Any
) -> None:
    await sandbox.hand("say", user="U0DEV", channel="D0DEV", text="between the two of us")
    page = await open_page("#/U0DEV/D0DEV")
    await expect(page.get_by_role("log")).to_contain_text("between the two of us")

    await page.get_by_role("button", name="Acting as Dev").press("Enter")
    await page.get_by_role("menuitemradio", name="Lead, Tech lead").click()
    await expect(page.get_by_role("button", name="Acting as Lead")).to_be_visible()
    await page.get_by_role("link", name=re.compile("Quarterdeck")).click()
    await expect(page.get_by_role("heading", name="Quarterdeck", level=1)).to_be_visible()
    await expect(page.get_by_text("between the two of us")).to_have_count(0)

    await page.get_by_role("button", name="Acting as Lead").click()
    await page.get_by_role("menuitemradio", name="Dev, Developer").click()
    await expect(page.get_by_role("log")).to_contain_text("between the two of us")


async def test_a_thread_opens_beside_the_channel(open_page: OpenPage, sandbox: Any) -> None:
    root = await sandbox.hand("say", user="U0DEV", channel="C0RANDOM", text="who has the pager?")
    await sandbox.hand("say", user="U0ONCALL", channel="C0RANDOM", text="I do", thread_ts=root["ts"])
    page = await open_page("#/U0DEV/C0RANDOM")
    await expect(page.get_by_text("I do", exact=True)).to_have_count(0)
    await page.get_by_role("button", name="1 reply").click()

    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("I do")
    await thread.get_by_role("textbox", name="Reply in thread").fill("thank you")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_role("log")).to_contain_text("thank you")
    await expect(page.get_by_role("button", name="2 replies")).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_only_its_reader_sees_an_ephemeral_message(open_page: OpenPage, sandbox: Any) -> None:
    await sandbox.bot.chat_postEphemeral(channel="C0OPS", user="U0DEV", text="a word in your ear")
    await sandbox.bot.chat_postMessage(channel="C0OPS", text="a word to everybody")
    dev, lead = await open_page("#/U0DEV/C0OPS"), await open_page("#/U0LEAD/C0OPS")

    whisper = dev.get_by_role("article").filter(has_text="a word in your ear")
    await expect(whisper).to_contain_text("Only visible to you")
    await expect(lead.get_by_role("log")).to_contain_text("a word to everybody")
    await expect(lead.get_by_text("a word in your ear")).to_have_count(0)


async def test_a_refused_message_keeps_its_words(open_page: OpenPage) -> None:
    page = await open_page("#/U0DEV/C0OPS")
    refusal = {"ok": False, "error": "is_archived", "detail": "C0OPS is archived: use another channel."}
    await page.route("**/_sandbox/say", lambda route: route.fulfill(json=refusal))
    field = page.get_by_role("textbox", name="Message #ops")
    await field.fill("does this arrive?")
    await field.press("Enter")

    await expect(page.get_by_role("main").get_by_role("alert").filter(has_text="is archived")).to_be_visible()
    await expect(field).to_have_value("does this arrive?")
    await page.unroute("**/_sandbox/say")
    await field.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("does this arrive?")


async def test_on_a_narrow_screen_the_sidebar_slides_in(open_page: OpenPage, picture: Any) -> None:
    page = await open_page("#/U0DEV/C0OPS", width=400, height=800)
    navigation = page.get_by_role("navigation", name="Conversations")
    await expect(page.get_by_role("log", name="Messages in ops")).to_be_visible()
    await expect(navigation).to_be_hidden()
    await page.get_by_role("button", name="Open the sidebar").click()
    await expect(navigation).to_be_visible()
    await picture(page, "sidebar-400")
    await navigation.get_by_role("link", name="incidents").click()

    await expect(page.get_by_role("heading", name="incidents", level=1)).to_be_visible()
    await expect(navigation).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_ones_own_message_is_edited_deleted_and_reacted_to(open_page: OpenPage, sandbox: Any) -> None:
    said = await sandbox.hand("say", user="U0DEV", channel="C0ENG", text="a tpyo for <@U0LEAD> & all")
    page = await open_page("#/U0DEV/C0ENG")
    message = page.locator(f"article[data-ts='{said['ts']}']")
    await message.hover()
    await message.get_by_role("button", name="Add a reaction").click()
    await page.get_by_role("menuitem", name="tada").click()
    chip = message.get_by_role("button", name="tada: Dev")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await chip.click()
    await expect(chip).to_have_count(0)

    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Edit message").click()
    field = page.get_by_role("textbox", name="Message #engineering")
    await expect(field).to_have_value("a tpyo for @lead & all")
    await field.fill("a typo for @lead & all")
    await field.press("Enter")
    await expect(message).to_contain_text("a typo for @Lead & all(edited)")

    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Delete message").click()
    await expect(message).to_have_count(0)
    await expect(field).to_have_value("")


async def test_the_keyboard_walks_the_messages_and_answers_one(open_page: OpenPage, sandbox: Any) -> None:
    first = await sandbox.hand("say", user="U0DEV", channel="C0ENG", text="the one above")
    await sandbox.hand("say", user="U0DEV", channel="C0ENG", text="the one below")
    page = await open_page("#/U0LEAD/C0ENG")
    await page.get_by_role("article").filter(has_text="the one below").focus()
    await page.keyboard.press("ArrowUp")
    above = page.locator(f"article[data-ts='{first['ts']}']")
    await expect(above).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("textbox", name="Reply in thread")).to_be_focused()
    await expect(page.get_by_role("complementary", name="Thread")).to_contain_text("the one above")
