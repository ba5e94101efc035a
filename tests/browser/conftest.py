"""One sandbox process and one Chromium for all browser tests; every page must stay free of console errors."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "test-artifacts" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The running sandbox: its address, a person's hand, and a bot's client."""

    url: str
    session: aiohttp.ClientSession
    bot: AsyncWebClient

    async def hand(self, act: str, **body: Any) -> dict[str, Any]:
        """Do what a person does; fails where the sandbox refuses."""
        async with self.session.post(f"{self.url}/_sandbox/{act}", json=body) as response:
            answer: dict[str, Any] = await response.json()
        assert answer["ok"], answer
        return answer

    @asynccontextmanager
    async def connect(self, app: AsyncApp) -> AsyncIterator[None]:
        """Run a Bolt app on the sandbox until the block ends."""
        handler = AsyncSocketModeHandler(app, "xapp-sandbox", web_client=self.bot)
        await handler.connect_async()
        try:
            yield
        finally:
            await handler.close_async()


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged manifest with a Home tab, which the page can show and the product does not use."""
    document = yaml.safe_load((ROOT / "manifests" / "sandbox.yaml").read_text("utf-8"))
    document["features"]["app_home"]["home_tab_enabled"] = True
    document["settings"]["event_subscriptions"]["bot_events"].append("app_home_opened")
    path = tmp_path_factory.mktemp("manifest") / "manifest.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


@pytest.fixture(scope="session")
async def sandbox(manifest: Path) -> AsyncIterator[Sandbox]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--port", "0", "--manifest", str(manifest)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        match = re.search(rb"http://\S+", line)
        assert match, line
        url = match[0].decode()
        async with aiohttp.ClientSession() as session:
            yield Sandbox(url, session, AsyncWebClient("xoxb-sandbox", base_url=f"{url}/api/"))
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "needs Chromium: install it (on Debian and Ubuntu: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    assert path is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[OpenPage]:
    """`open_page("#/U0DEV/C0OPS", width=1400, height=900, dark=False)` -> a page of its own browser profile; a whole
    address leads to another sandbox.

    Afterwards, whatever the page has complained about fails the test.
    """
    contexts, complaints = [], []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    async def open_one(place: str = "", width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = await context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(place if place.startswith("http") else f"{sandbox.url}/{place}")
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert complaints == []


@pytest.fixture
def picture() -> Callable[[Page, str], Awaitable[None]]:
    """`picture(page, name)` keeps a screenshot in test-artifacts/browser/, for people to look at."""

    async def take(page: Page, name: str) -> None:
        await page.screenshot(path=ARTIFACTS / f"{name}.png", animations="disabled")

    return take
