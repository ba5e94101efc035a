"""Modals and the Home tab, filled in by hand."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp

OpenPage = Callable[..., Awaitable[Page]]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


def field(block_id: str, label: str, element: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    element = {"action_id": "given", **element}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        "optional": optional,
    }


MODAL = {
    "type": "modal",
    "callback_id": "deploy",
    "title": plain("Deploy a service"),
    "submit": plain("Make a plan"),
    "close": plain("Not now"),
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "A *plan* comes first."}},
        field(
            "service", "Service", {"type": "static_select", "options": [option("checkout"), option("search")]}
        ),
        field("version", "Version", {"type": "plain_text_input"}),
        field(
            "where", "Where", {"type": "radio_buttons", "options": [option("staging"), option("production")]}
        ),
        field(
            "tell", "Tell", {"type": "checkboxes", "options": [option("ops"), option("leads")]}, optional=True
        ),
        field("day", "Day", {"type": "datepicker"}, optional=True),
        field("watchers", "Watchers", {"type": "multi_users_select"}, optional=True),
        field("runbook", "Runbook", {"type": "external_select", "min_query_length": 1}, optional=True),
    ],
}


def bare(state: dict[str, Any]) -> Any:
    """The value of an element's state without its names."""
    (held,) = (value for key, value in state.items() if key != "type")
    if isinstance(held, list):
        return [item["value"] if isinstance(item, dict) else item for item in held]
    return held["value"] if isinstance(held, dict) else held


async def fill_in(page: Page, dialog: Any) -> None:
    await dialog.get_by_label("Service").select_option("checkout")
    await dialog.get_by_label("Version").fill("v1")
    await dialog.get_by_role("radio", name="Production").check()
    await dialog.get_by_role("checkbox", name="Ops").check()
    await dialog.get_by_label("Day").fill("2026-11-30")
    await dialog.get_by_role("button", name="Watchers").click()
    await dialog.get_by_role("checkbox", name="Lead", exact=True).check()
    await page.keyboard.press("Escape")
    await dialog.get_by_label("Runbook").fill("pager")
    await expect(dialog.locator("datalist option")).to_have_attribute("value", "About pager")
    await dialog.get_by_label("Runbook").fill("About pager")


async def test_a_modal_is_filled_in_corrected_and_submitted(
    open_page: OpenPage, sandbox: Any, picture: Any
) -> None:
    app, submitted = AsyncApp(token="xoxb-sandbox", client=sandbox.bot), []

    @app.command("/execute")
    async def execute(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.options("given")
    async def suggest(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=[{"text": plain(f"About {payload['value']}"), "value": "R-1"}])

    @app.view("deploy")
    async def submit(ack: Any, view: dict[str, Any]) -> None:
        values = {key: bare(inner["given"]) for key, inner in view["state"]["values"].items()}
        submitted.append(values)
        wrong = values["version"] != "v43"
        await (
            ack(response_action="errors", errors={"version": "No build is called that."}) if wrong else ack()
        )

    page = await open_page("#/U0DEV/C0OPS")
    composer = page.get_by_role("textbox", name="Message #ops")
    dialog = page.get_by_role("dialog", name="Deploy a service")
    async with sandbox.connect(app):
        await composer.fill("/execute")
        await composer.press("Enter")
        await dialog.get_by_role("button", name="Make a plan").click()
        await expect(dialog.get_by_text("Complete this required field.", exact=True)).to_have_count(3)
        assert submitted == []
        await fill_in(page, dialog)
        await dialog.get_by_role("button", name="Make a plan").click()
        await expect(dialog.get_by_role("alert").filter(has_text="No build is called that.")).to_be_visible()
        await picture(page, "modal-1400")
        await dialog.get_by_label("Version").fill("v43")
        await dialog.get_by_label("Version").press("Enter")
        await expect(dialog).to_have_count(0)

    chosen = {"service": "checkout", "where": "production", "tell": ["ops"], "day": "2026-11-30"}
    assert submitted[-1] == {**chosen, "version": "v43", "watchers": ["U0LEAD"], "runbook": "R-1"}


async def test_a_modal_is_updated_under_the_hands_and_closed(open_page: OpenPage, sandbox: Any) -> None:
    app, opened = AsyncApp(token="xoxb-sandbox", client=sandbox.bot), []

    @app.command("/execute")
    async def execute(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        opened.append((await client.views_open(trigger_id=body["trigger_id"], view=MODAL))["view"]["id"])

    page = await open_page("#/U0DEV/C0OPS")
    composer = page.get_by_role("textbox", name="Message #ops")
    dialog = page.get_by_role("dialog", name="Deploy a service")
    async with sandbox.connect(app):
        await composer.fill("/execute")
        await composer.press("Enter")
        await dialog.get_by_label("Version").fill("v44")
        note = {"type": "section", "text": plain("Staging has v44.")}
        await sandbox.bot.views_update(
            view_id=opened[0], view={**MODAL, "blocks": [note, *MODAL["blocks"][1:]]}
        )
        await expect(dialog).to_contain_text("Staging has v44.")
        await expect(dialog.get_by_label("Version")).to_have_value("v44")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    answer = await sandbox.session.get(f"{sandbox.url}/_sandbox/state")
    assert opened[0] not in [view["id"] for view in (await answer.json())["views"]]


async def test_the_home_tab_shows_what_is_published_for_the_person(open_page: OpenPage, sandbox: Any) -> None:
    app = AsyncApp(token="xoxb-sandbox", client=sandbox.bot)

    async def publish(user: str, text: str) -> None:
        button = {"type": "button", "action_id": "refresh", "text": plain("Refresh")}
        section = {"type": "section", "text": plain(text), "accessory": button}
        await sandbox.bot.views_publish(user_id=user, view={"type": "home", "blocks": [section]})

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        if event["tab"] == "home":
            await publish(event["user"], f"Good morning, {event['user']}")

    @app.action("refresh")
    async def refresh(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await publish(body["user"]["id"], "Nothing waits for you")

    page = await open_page("#/U0DEV/D0DEV")
    home = page.get_by_role("region", name="Home")
    async with sandbox.connect(app):
        await page.get_by_role("link", name="Home", exact=True).click()
        await expect(home).to_contain_text("Good morning, U0DEV")
        await home.get_by_role("button", name="Refresh").click()
        await expect(home).to_contain_text("Nothing waits for you")
        other = await open_page("#/U0MANAGER/home")
        await expect(other.get_by_role("region", name="Home")).to_contain_text("Good morning, U0MANAGER")
    await page.get_by_role("link", name=re.compile("^Messages$")).click()
    await expect(home).to_be_hidden()
