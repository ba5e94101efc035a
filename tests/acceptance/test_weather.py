"""Bad weather, over real sockets: nothing that was acknowledged is lost, nothing is done twice.

The slow scenarios wait more than they work, so all of them run at the same time and each test awaits its own.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil
import pytest

from bot.postgres import Cluster, ensure_running
from sandbox.server import serve
from storage.database import address
from tests.support.hand import Hand, key_of, text_of
from tests.support.process import BotProcess, running_bot
from tests.support.store import fresh_database, remove_cluster
from tests.support.wait import until

pytestmark = pytest.mark.timeout(240)

QUICK = {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0"}


class Scene:
    """A sandbox, a bot on it, and a hand."""

    def __init__(self, hand: Hand, bot: BotProcess, database_url: str | None) -> None:
        self.hand = hand
        self.bot = bot
        self.database_url = database_url

    async def tasks(self) -> list[int]:
        """The numbers of all tasks that are in the database."""
        assert self.database_url is not None
        connection = await asyncpg.connect(address(self.database_url, "postgresql"))
        try:
            rows = await connection.fetch("SELECT number FROM task ORDER BY number")
        finally:
            await connection.close()
        return [row["number"] for row in rows]

    async def connections(self) -> int:
        """How many connections to its database the bot holds."""
        assert self.database_url is not None
        connection = await asyncpg.connect(address(self.database_url, "postgresql"))
        try:
            found: int = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return found
        finally:
            await connection.close()

    async def execute(self, request: str, channel: str = "C0OPS") -> int | None:
        """`/execute`; the task's number where it was accepted."""
        answer = await self.hand.command(f"/execute {request}", channel=channel)
        words = text_of(answer.get("response") or {})
        return int(words.split()[0].removeprefix("T-")) if answer["ok"] and "is accepted" in words else None

    async def all_shown_once(self, numbers: set[int], seconds: float = 30) -> None:
        """Wait until each of these tasks has its card, and see that none has two."""

        async def shown() -> bool:
            keys = Counter(key_of(each) for each in await self.hand.cards())
            assert not [key for key, count in keys.items() if count > 1], keys
            return {f"task:{number}" for number in numbers} <= set(keys)

        await until(shown, "every accepted task has its card", seconds, every=0.2)


async def refresh_under_load(scene: Scene) -> dict[str, Any]:
    """Slack replaces the connections three times while commands come in."""
    results: list[int | None] = []

    async def send() -> None:
        for turn in range(40):
            number = await scene.execute(f"deploy checkout v{turn}")
            results.append(number)

    async def refresh() -> None:
        for _ in range(3):
            await scene.hand("faults", refresh=True)
            await asyncio.sleep(0.5)

    await asyncio.gather(send(), send(), refresh())
    numbers = {number for number in results if number is not None}
    await scene.all_shown_once(numbers)
    return {"sent": len(results), "accepted": numbers, "tasks": set(await scene.tasks())}


async def mute_sockets(scene: Scene, mute: Any, *, thread: bool = False) -> float:
    """Nothing arrives any more although the connections stand; how long until a mention is answered."""
    root = await scene.hand.say("@Quarterdeck hello")
    await until(lambda: _answered(scene.hand, root), "the first answer")
    await scene.hand("faults", mute=mute)
    began = time.monotonic()
    ts = await scene.hand.say("@Quarterdeck status", thread_ts=root if thread else None)
    await until(
        lambda: _answered(scene.hand, root if thread else ts, "open tasks"), "a missed mention", 70, 0.2
    )
    took = time.monotonic() - began
    # The new connections listen: a command arrives at once.
    await until(lambda: scene.execute("restart search"), "a command is heard again", 30, 0.5)
    return took


async def _answered(hand: Hand, thread_ts: str, words: str = "") -> bool:
    return any(
        each["thread_ts"] == thread_ts and each["user"] == "U0QUARTERDECK" and words in text_of(each)
        for each in await hand.messages()
    )


async def stormy_slack(scene: Scene) -> set[int]:
    """For a minute Slack answers posts and updates with 429, 500, or not at all after having done them."""
    numbers: set[int] = set()
    until_clear = time.monotonic() + 60
    weather: list[dict[str, Any]] = [
        {"rate_limit": {"method": "chat.postMessage", "retry_after": 1, "times": 3}},
        {"fail": {"method": "chat.postMessage", "status": 500, "times": 3}},
        {"fail": {"method": "chat.postMessage", "status": 503, "times": 2, "after": True}},
        {"fail": {"method": "chat.update", "status": 500, "times": 2}},
        {"rate_limit": {"method": "chat.update", "retry_after": 2, "times": 2}},
    ]
    turn = 0
    while time.monotonic() < until_clear:
        await scene.hand("faults", **weather[turn % len(weather)])
        number = await scene.execute(f"deploy search v{turn}", channel=("C0OPS", "C0ENG")[turn % 2])
        assert number is not None
        numbers.add(number)
        if turn % 3 == 0:
            await scene.hand.command(f"/cancel T-{number}")
        turn += 1
        await asyncio.sleep(1.5)
    await scene.hand("faults", clear=True)
    await scene.all_shown_once(numbers, 60)
    return numbers


async def postgres_killed(scene: Scene) -> dict[str, Any]:
    """kill -9 of the database under load; what was refused meanwhile was refused honestly."""
    accepted, refused = set[int](), list[dict[str, Any]]()
    for turn in range(60):
        answer = await scene.hand.command(f"/execute deploy auth v{turn}")
        words = text_of(answer.get("response") or {})
        if "is accepted" in words:
            accepted.add(int(words.split()[0].removeprefix("T-")))
        else:
            refused.append(answer)
        if turn == 20:
            await _kill_postmaster(scene.bot)
        await asyncio.sleep(0.1)
    late = await until(lambda: scene.execute("restart auth"), "commands are taken again", 30, 0.5)
    await scene.all_shown_once({*accepted, late}, 60)
    status, _ = await scene.bot.get("/readyz")
    return {"accepted": accepted, "refused": refused, "ready": status, "log": scene.bot.read_log()}


async def _kill_postmaster(bot: BotProcess) -> None:
    """kill -9 of the server under this bot's data folder."""
    async with await ensure_running(Path(bot.settings["QD_DATA_DIR"]), lambda _: None) as joined:
        pid_file = joined.home / "data" / "postmaster.pid"
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        assert "postgres" in process.name()
        process.kill()


@pytest.fixture(scope="module")
async def scenarios(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, "asyncio.Task[Any]"]]:
    """Every slow scenario, under way."""

    async def play(name: str, act: Callable[[Scene], Awaitable[Any]], *, embedded: bool = False) -> Any:
        folder = tmp_path_factory.mktemp(name)
        async with AsyncExitStack() as stack:
            sandbox = await stack.enter_async_context(serve(0))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            hand = Hand(sandbox.url, session)
            await hand("limits", scale=0)
            url = None if embedded else await stack.enter_async_context(fresh_database(cluster))
            settings = {**QUICK, "QD_DATA_DIR": str(folder / "data")}
            if embedded:
                stack.push_async_callback(remove_cluster, folder / "data")
            bot = await stack.enter_async_context(
                running_bot(sandbox.url, url, folder / "bot.log", **settings)
            )
            return await act(Scene(hand, bot, url))

    tasks = {
        "mute": asyncio.create_task(play("mute", lambda scene: mute_sockets(scene, True))),
        "half-mute": asyncio.create_task(play("half", lambda scene: mute_sockets(scene, "events"))),
        "thread": asyncio.create_task(
            play("thread", lambda scene: mute_sockets(scene, "events", thread=True))
        ),
        "storm": asyncio.create_task(play("storm", stormy_slack)),
        "refresh": asyncio.create_task(play("refresh", refresh_under_load)),
        "postgres": asyncio.create_task(play("postgres", postgres_killed, embedded=True)),
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_a_refresh_under_load_loses_nothing(scenarios: dict[str, "asyncio.Task[Any]"]) -> None:
    outcome = await scenarios["refresh"]
    assert len(outcome["accepted"]) == outcome["sent"]
    assert outcome["tasks"] == outcome["accepted"]


@pytest.mark.parametrize("kind", ["mute", "half-mute", "thread"])
async def test_a_mute_socket_is_noticed_within_a_minute(
    scenarios: dict[str, "asyncio.Task[Any]"], kind: str
) -> None:
    assert await scenarios[kind] < 60


async def test_postgres_killed_under_load_loses_nothing(scenarios: dict[str, "asyncio.Task[Any]"]) -> None:
    outcome = await scenarios["postgres"]
    assert outcome["accepted"]
    assert outcome["ready"] == 200
    assert "has died" in outcome["log"]
    assert "background task delivery failed" not in outcome["log"], "weather is no bug"
    for answer in outcome["refused"]:
        assert "could not confirm" in text_of(answer["response"]), answer


async def test_a_minute_of_429_and_500_loses_and_doubles_nothing(
    scenarios: dict[str, "asyncio.Task[Any]"],
) -> None:
    assert len(await scenarios["storm"]) > 10


async def test_sigterm_with_twenty_things_in_flight_loses_none(
    sandbox_url: str, hand: Hand, database_url: str, tmp_path: Path
) -> None:
    await hand("limits", scale=0)
    async with running_bot(sandbox_url, database_url, tmp_path / "bot.log", **QUICK) as bot:
        scene = Scene(hand, bot, database_url)
        sending = [asyncio.create_task(scene.execute(f"deploy payments v{number}")) for number in range(20)]
        ts = await hand.say("@Quarterdeck hello")
        await until(lambda: any(each.done() for each in sending), "the first is acknowledged")
        began = time.monotonic()
        assert await bot.stop() == 0
        assert time.monotonic() - began < 10
        assert "Traceback" not in bot.read_log(), "an orderly end looks like one"
        accepted = {number for number in await asyncio.gather(*sending) if number is not None}
        stored = set(await scene.tasks())
        assert accepted <= stored
        await bot.start()
        await scene.all_shown_once(stored)
        await until(lambda: _answered(hand, ts), "the mention is answered")
        assert "Task was destroyed" not in bot.read_log()


async def test_a_kill_at_the_ack_loses_no_task_and_starts_each_once(
    sandbox_url: str, hand: Hand, database_url: str, tmp_path: Path
) -> None:
    await hand("limits", scale=0)
    async with running_bot(sandbox_url, database_url, tmp_path / "bot.log", **QUICK) as bot:
        scene = Scene(hand, bot, database_url)
        sending = [
            asyncio.create_task(scene.execute(f"roll back checkout to v{number}")) for number in range(20)
        ]
        await until(lambda: sum(each.done() for each in sending) >= 5, "some are acknowledged")
        await bot.kill()
        accepted = {number for number in await asyncio.gather(*sending) if number is not None}
        await bot.start()
        stored = set(await scene.tasks())
        assert accepted <= stored
        await scene.all_shown_once(stored)

        async def all_wait() -> bool:
            _, text = await bot.get("/metrics")
            return f"engine_pending_workflows {float(len(stored))}" in text

        await until(all_wait, "every task has its workflow, started by the sweep where need be")
        assert await scene.connections() <= 15
