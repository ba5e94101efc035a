"""A stage of its own for a story: a sandbox, a database, the bot as a process, and people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from bot.postgres import Cluster
from domain.task import TaskState
from sandbox.server import serve
from storage.database import address
from tests.support.hand import Hand, key_of, text_of
from tests.support.ops import Ops
from tests.support.process import BotProcess, running_bot
from tests.support.store import fresh_database
from tests.support.wait import until

PATIENCE_SECONDS = 30.0
FINAL = """
SELECT t.state,
    (SELECT count(*) FROM approval a WHERE a.task = t.number) AS approvals,
    (SELECT count(*) FROM decision d JOIN approval a ON a.number = d.approval WHERE a.task = t.number) AS decisions,
    (SELECT array_agg(s.state ORDER BY s.number) FROM step s WHERE s.task = t.number) AS steps
FROM task t WHERE t.number = $1
"""
AUDITED = """
SELECT action FROM audit WHERE object_id = $1
    OR object_id = (SELECT 'A-' || number FROM approval WHERE task = $2) ORDER BY id
"""


@dataclass
class Stage:
    """`rows` reads the database beside the bot."""

    hand: Hand
    bot: BotProcess
    rows: asyncpg.Pool
    database_url: str
    """As libpq has it."""

    @property
    def ops(self) -> Ops:
        return Ops(self.hand)

    async def world(self, act: str, **body: Any) -> None:
        """Change the world behind the workspace: `faults`, `deploy`, …"""
        async with self.hand.session.post(f"{self.hand.url}/_world/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def state(self, task: int) -> TaskState:
        """Where a task stands, as the database has it."""
        return TaskState(await self.rows.fetchval("SELECT state FROM task WHERE number = $1", task))

    async def find(self, request: str) -> int | None:
        """The task that this was typed for, if it was taken. Raises AssertionError where there are two."""
        rows = await self.rows.fetch("SELECT number FROM task WHERE request = $1", request)
        assert len(rows) < 2, f"{request!r} was taken twice"
        return rows[0]["number"] if rows else None

    async def next_task(self) -> int:
        """The number that the next task will have."""
        row = await self.rows.fetchrow("SELECT last_value, is_called FROM task_number")
        return int(row["last_value"]) + bool(row["is_called"])

    async def persist(self, request: str) -> int:
        """A person who wants it done: types it unless it was taken, and has a lead approve it for as long as it waits.
        Returns the task once it has ended and its report stands.
        """
        task = await self.find(request)
        if task is None:
            await self.hand.command(f"/execute {request}")
            task = await until(lambda: self.find(request), "the task is taken")
        assert task is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            clicked = False
            while not (state := await self.state(task)).ended:
                if state is TaskState.AWAITING_APPROVAL and not clicked:
                    clicked = await self.approve(task)
                await asyncio.sleep(0.02)
        await until(lambda: self.shown(f"report:{task}"), f"the report of T-{task} stands")
        return task

    async def approve(self, task: int, user: str = "U0LEAD") -> bool:
        """Click Approve, if the button stands already; whether the click was acknowledged."""
        for card in await self.shown(f"task:{task}"):
            if "approval.approve" in str(card["blocks"]):
                answer = await self.ops.click(card, "approval.approve", user)
                return bool(answer["ok"])
        return False

    async def shown(self, key: str) -> list[dict[str, Any]]:
        """The messages that show a card."""
        return [each for each in await self.hand.cards() if key_of(each) == key]

    async def settled(self) -> None:
        """Return once every card is shown as it is wanted."""

        async def still() -> bool:
            left = "SELECT count(*) FROM card WHERE state = 'live' AND version > shown_version"
            return bool(await self.rows.fetchval(left) == 0)

        await until(still, "every card is shown", PATIENCE_SECONDS)

    async def repeated(self) -> list[str]:
        """What stands more than once: the keys of cards in messages."""
        keys = [str(key_of(each)) for each in await self.hand.cards()]
        return sorted({key for key in keys if keys.count(key) > 1})

    async def calls(self, task: int) -> dict[str, dict[str, Any]]:
        """What the deployer saw of a task, by idempotency key."""
        found = (await self.ops.world())["calls"]
        return {
            each["idempotency_key"]: each
            for each in found
            if each["idempotency_key"].startswith(f"T-{task}:")
        }

    async def final(self, task: int) -> dict[str, Any]:
        """How a task stands in the database: state, approvals, decisions, the states of its steps."""
        return dict(await self.rows.fetchrow(FINAL, task))

    async def audited(self, task: int) -> list[str]:
        """What the audit trail says of a task and its approval, in order."""
        rows = await self.rows.fetch(AUDITED, f"T-{task}", task)
        return [row["action"] for row in rows]

    async def text(self, task: int) -> str:
        """What a task's card says."""
        return "\n".join(text_of(each) for each in await self.shown(f"task:{task}"))


@asynccontextmanager
async def set_stage(cluster: Cluster, folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """A stage with a bot that is ready, without pacing and without Slack's rate limits."""
    async with fresh_database(cluster) as url, _set(url, url, folder, settings) as stage:
        yield stage


@asynccontextmanager
async def set_embedded_stage(cluster: Cluster, folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """The same with the bot's embedded server, which is `cluster`, in `folder / "data"`."""
    settings = {**settings, "QD_DATA_DIR": str(folder / "data")}
    async with _set(cluster.dsn(), None, folder, settings) as stage:
        yield stage


@asynccontextmanager
async def _set(
    url: str, bots_url: str | None, folder: Path, settings: dict[str, str]
) -> AsyncIterator[Stage]:
    settings = {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0", **settings}
    folder.mkdir(parents=True, exist_ok=True)
    plain = address(url, "postgresql")
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(serve(0))
        hand = Hand(sandbox.url, await stack.enter_async_context(aiohttp.ClientSession()))
        await hand("limits", scale=0)
        bot = await stack.enter_async_context(
            running_bot(sandbox.url, bots_url, folder / "bot.log", **settings)
        )
        rows = await stack.enter_async_context(asyncpg.create_pool(plain, min_size=1, max_size=3))
        yield Stage(hand, bot, rows, plain)
