"""Replicas of the bot without its doors: services and a delivery loop each, on one database, against one Slack."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import asyncpg
import pytest

from bot import wiring
from bot.postgres import Cluster
from bot.supervisor import Supervisor
from domain.card import CardDraft, Content, Place
from domain.chat import Chat
from domain.overview import Vitals
from sandbox.server import Sandbox, serve
from storage import card as cards
from storage.database import Database, address, connect
from storage.outbox import Outbox
from tests.support import shared
from tests.support.hand import Hand, key_of
from tests.support.house import packaged_house
from tests.support.store import fresh_database
from workflows import measures
from workflows.delivery import DeliveryLoop
from workflows.engine.executor import Executor
from workflows.services import Nudges, Pace, Services


class Replica:
    """One process' part in the delivery. `alive` is how the others see that it lives."""

    def __init__(self, database: Database, chat: Chat, interval: float) -> None:
        self.alive = Executor(database.engine.url)
        counted = measures.create()
        self.services: Services = wiring.build(
            packaged_house(),
            Outbox(database, self.alive.id),
            chat,
            counted,
            Nudges(self.nudge, lambda _: None),
            Vitals(lambda: "connected", lambda: "running"),
            Pace(channel_interval=interval),
            Supervisor(counted),
        )
        self.loop = DeliveryLoop(self.services)
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        self.loop.nudge()

    async def start(self) -> None:
        await self.alive.query("select 1")
        self._task = asyncio.create_task(self.loop.run())

    async def stop(self) -> None:
        """Cancel it where it stands; what was on its way to Slack arrives or does not."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.alive.close()

    async def want(self, key: str, text: str = "ready", place: str | Place = "C0OPS", **more: Any) -> None:
        """Want a card shown; commits and nudges as the product does."""
        where = Place(place) if isinstance(place, str) else place
        async with self.services.database.unit_of_work() as session:
            await cards.show(session, CardDraft(key, where, content(text), **more))
        self.nudge()

    async def revise(self, key: str, text: str) -> None:
        async with self.services.database.unit_of_work() as session:
            await cards.revise(session, key, content(text))
        self.nudge()


def content(text: str) -> Content:
    return Content(text, [{"type": "section", "text": {"type": "mrkdwn", "text": text}}])


@pytest.fixture(scope="module")
async def module_url(cluster: Cluster) -> AsyncIterator[str]:
    async with fresh_database(cluster) as url:
        yield url


@pytest.fixture
async def database_url(module_url: str) -> str:
    """The module's database, empty but for the audit trail."""
    await shared.empty(module_url)
    return module_url


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Without Slack's rate tiers: what is measured here is our own pace."""
    async with serve(0) as running:
        running.desk.limits.set_scale(0)
        yield running


@pytest.fixture
def sandbox_url(sandbox: Sandbox) -> str:
    return sandbox.url


@pytest.fixture
async def slack(sandbox: Sandbox) -> AsyncIterator[Chat]:
    """Slack's adapter on the sandbox."""
    async with aiohttp.ClientSession() as session:
        yield wiring.create_chat("xoxb-sandbox", sandbox.api_url, session, measures.create())


@pytest.fixture
async def new_replica(database_url: str, slack: Chat) -> AsyncIterator[Callable[..., Awaitable[Replica]]]:
    """`await new_replica(interval=0.0, chat=…, start=True)`; each has pools of its own, as a process has."""
    async with AsyncExitStack() as stack:

        async def make(*, interval: float = 0.0, chat: Chat = slack, start: bool = True) -> Replica:
            database = await connect(database_url)
            stack.push_async_callback(database.close)
            replica = Replica(database, chat, interval)
            stack.push_async_callback(replica.stop)
            if start:
                await replica.start()
            return replica

        yield make


@pytest.fixture
async def replica(new_replica: Callable[..., Awaitable[Replica]]) -> Replica:
    """One that runs, without pacing."""
    return await new_replica()


class World:
    """What can be seen from outside: in Slack, in its log and in the database."""

    def __init__(self, hand: Hand, connection: asyncpg.Connection) -> None:
        self.hand = hand
        self.query = connection.fetch
        self.value = connection.fetchval

    async def keys(self, channel: str = "C0OPS") -> list[str | None]:
        """The keys of the cards that stand in a channel, in their order."""
        return [key_of(message) for message in await self.hand.messages(channel) if key_of(message)]

    async def texts(self, channel: str = "C0OPS") -> list[str]:
        return [message["text"] for message in await self.hand.messages(channel)]

    async def calls(self, *methods: str, **arguments: str) -> list[dict[str, Any]]:
        """Calls of these methods with these arguments, oldest first, the failed ones included."""
        return [
            each
            for each in await self.hand.log()
            if each["kind"] == "call"
            and each["method"] in methods
            and arguments.items() <= each["arguments"].items()
        ]

    async def settled(self) -> bool:
        """Whether nothing waits to be shown."""
        return not await self.value(
            "SELECT count(*) FROM card WHERE state = 'live' AND version > shown_version"
        )


@pytest.fixture
async def world(hand: Hand, database_url: str) -> AsyncIterator[World]:
    connection = await asyncpg.connect(address(database_url, "postgresql"))
    yield World(hand, connection)
    await connection.close()
