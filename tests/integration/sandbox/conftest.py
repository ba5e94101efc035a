"""A running sandbox, a person's hand on it, and a real Bolt app connected to it over real sockets."""

import asyncio
import json
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

from sandbox.manifest import Manifest
from sandbox.server import Sandbox, serve


@dataclass
class Hand:
    """Speaks `/_sandbox` and the like over HTTP, as scripts do."""

    url: str
    session: aiohttp.ClientSession

    async def do(self, act: str, **body: Any) -> dict[str, Any]:
        """Do something that has to succeed."""
        answer = await self(act, **body)
        assert answer["ok"], answer
        return answer

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


@dataclass
class RawSocket:
    """One Socket Mode connection without a library: what arrives is kept, what is acked is decided here."""

    connection: aiohttp.ClientWebSocketResponse
    frames: list[dict[str, Any]] = field(default_factory=list)
    pongs: int = 0
    ack: Callable[[dict[str, Any]], dict[str, Any] | None] | None = lambda _frame: None
    closed: bool = False

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if "envelope_id" in frame]

    async def read(self) -> None:
        async for message in self.connection:
            if message.type is aiohttp.WSMsgType.PONG:
                self.pongs += 1
            elif message.type is aiohttp.WSMsgType.TEXT:
                await self._take(json.loads(message.data))
        self.closed = True

    async def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        if "envelope_id" in frame and self.ack is not None:
            payload = self.ack(frame)
            answer = {"envelope_id": frame["envelope_id"], **({"payload": payload} if payload else {})}
            await self.connection.send_json(answer)


PATIENCE = aiohttp.ClientWSTimeout(ws_close=0.2)
ALL_SCOPES = """
    app_mentions:read channels:history channels:join channels:manage channels:read chat:write commands groups:history
    groups:read groups:write im:history im:read im:write reactions:read reactions:write team:read usergroups:read
    users:read users:read.email
"""
ALL_EVENTS = """
    agent_session_stopped app_home_opened app_mention file_shared member_joined_channel member_left_channel
    message.channels message.groups message.im reaction_added reaction_removed
"""
MANIFEST = Manifest(
    scopes=tuple(ALL_SCOPES.split()),
    commands=frozenset(("/execute", "/status")),
    escaped_commands=frozenset(),
    shortcuts={"task.new": "global", "incident.open": "message"},
    events=frozenset(ALL_EVENTS.split()),
    home_tab=True,
    source="tests",
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox whose manifest grants everything that is emulated."""
    async with serve(manifest=MANIFEST) as running:
        yield running


@pytest.fixture
async def open_socket(client: AsyncWebClient) -> AsyncIterator[Callable[[], Awaitable[RawSocket]]]:
    sockets: list[tuple[RawSocket, asyncio.Task[None]]] = []
    async with aiohttp.ClientSession() as session:

        async def connect(ack: Any = lambda _frame: None) -> RawSocket:
            opened = await client.apps_connections_open(app_token="xapp-sandbox")
            socket = RawSocket(
                await session.ws_connect(opened["url"], autoping=False, timeout=PATIENCE), ack=ack
            )
            sockets.append((socket, asyncio.create_task(socket.read())))
            await until(lambda: socket.frames)
            return socket

        yield connect
        for socket, reading in sockets:
            await socket.connection.close()
            reading.cancel()


@pytest.fixture
def wait_until() -> Callable[..., Awaitable[Any]]:
    return until


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
