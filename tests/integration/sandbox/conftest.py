"""A running sandbox, a person's hand on it, and a real Bolt app connected to it over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import Sandbox, serve


@dataclass
class Hand:
    """Speaks `/_sandbox` and the like over HTTP, as scripts do."""

    url: str
    session: aiohttp.ClientSession

    async def __call__(self, act: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/_sandbox/{act}", json=body) as response:
            return await response.json()

    async def get(self, path: str) -> dict[str, Any]:
        async with self.session.get(f"{self.url}{path}") as response:
            return await response.json()

    async def channel(self, channel_id: str) -> dict[str, Any]:
        state = await self.get(f"/_sandbox/state?channel={channel_id}")
        return state["channels"][0]

    async def find(self, channel_id: str, **wanted: Any) -> dict[str, Any]:
        """Wait for a message with these fields."""

        async def look() -> dict[str, Any] | None:
            messages = (await self.channel(channel_id))["messages"]
            return next((m for m in messages if wanted.items() <= m.items()), None)

        return await until(look)

    async def log(self, kind: str = "") -> list[dict[str, Any]]:
        return (await self.get(f"/_sandbox/log{'?kind=' + kind if kind else ''}"))["entries"]


@dataclass
class Bot:
    """A Bolt app on the sandbox and everything that arrived at it."""

    app: AsyncApp
    client: AsyncWebClient
    handlers: list[AsyncSocketModeHandler] = field(default_factory=list)

    async def connect(self) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(self.app, "xapp-sandbox", ping_interval=1)
        await handler.connect_async()
        self.handlers.append(handler)
        return handler


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Poll until `condition` (plain or async) is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.01)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def hand(sandbox: Sandbox) -> AsyncIterator[Hand]:
    async with aiohttp.ClientSession() as session:
        yield Hand(sandbox.url, session)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncWebClient:
    return AsyncWebClient("xoxb-sandbox", base_url=sandbox.api_url)


@pytest.fixture
def new_bot(client: AsyncWebClient) -> Callable[[], Any]:
    @asynccontextmanager
    async def make(sockets: int = 1) -> AsyncIterator[Bot]:
        bot = Bot(AsyncApp(client=client, process_before_response=True), client)
        try:
            for _ in range(sockets):
                await bot.connect()
            yield bot
        finally:
            for handler in bot.handlers:
                await handler.close_async()

    return make


@pytest.fixture
async def bot(new_bot: Any) -> AsyncIterator[Bot]:
    async with new_bot() as made:
        yield made
