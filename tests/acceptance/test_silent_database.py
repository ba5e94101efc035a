"""A database that stands and no longer answers, as behind a broken network: people and machines hear so in time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support.hand import Hand, text_of
from tests.support.process import BotProcess, running_bot
from tests.support.wait import until


class Wire:
    """Carries bytes between the bot and Postgres, for as long as `open` is set."""

    def __init__(self, server: str) -> None:
        self._server = server
        self.open = asyncio.Event()
        self.open.set()
        self._ends: set[asyncio.StreamWriter] = set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._server)
        self._ends |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self.open.wait()
                sink.write(data)
                await sink.drain()
        sink.close()

    def cut(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
async def wire(database_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    query = make_url(database_url).query
    wire = Wire(f"{query['host']}/.s.PGSQL.{query['port']}")
    server = await asyncio.start_unix_server(wire.carry, tmp_path / f".s.PGSQL.{query['port']}")
    yield wire
    server.close()
    wire.open.set()
    wire.cut()


@pytest.fixture
async def bot(
    sandbox_url: str, hand: Hand, database_url: str, wire: Wire, tmp_path: Path
) -> AsyncIterator[BotProcess]:
    await hand("limits", scale=0)
    url = make_url(database_url).update_query_dict({"host": str(tmp_path)}).render_as_string()
    settings = {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0"}
    async with running_bot(sandbox_url, url, tmp_path / "bot.log", **settings) as bot:
        yield bot


async def test_people_and_machines_are_told_in_time_and_all_goes_on_afterwards(
    bot: BotProcess, hand: Hand, wire: Wire
) -> None:
    # A connection that stands is worse than one that cannot be had: whoever gives up waits for its answer.
    await asyncio.gather(*map(hand.command, ["/help", "/status"] * 10))
    wire.open.clear()
    began = time.monotonic()
    readiness, *answers = await asyncio.gather(
        bot.get("/readyz"), *map(hand.command, ("/help", "/status", "/execute deploy", "/cancel T-1"))
    )
    assert time.monotonic() - began < 4
    assert readiness[0] == 503
    for answer in answers:
        assert answer["ok"], answer
        assert "could not confirm" in text_of(answer["response"])

    wire.open.set()

    async def takes_tasks() -> bool:
        answer = await hand.command("/execute deploy again")
        return "is accepted" in text_of(answer.get("response") or {})

    await until(takes_tasks, "tasks are taken again", 15)
    assert (await bot.get("/readyz"))[0] == 200
    assert "never retrieved" not in bot.read_log()


async def test_it_stops_within_ten_seconds_all_the_same(bot: BotProcess, hand: Hand, wire: Wire) -> None:
    wire.open.clear()
    began = time.monotonic()
    assert await bot.stop() == 0
    assert time.monotonic() - began < 10
