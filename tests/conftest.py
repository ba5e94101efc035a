"""What every test may use: an embedded Postgres for the whole run, a fresh database and a sandbox for each test."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.postgres import Cluster, ensure_running
from sandbox.server import serve
from storage.database import Database, connect
from tests.support.hand import Hand
from tests.support.process import BotProcess, running_bot
from tests.support.store import create_template, fresh_database


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """The server. What it keeps goes away with the run."""
    # As root the server runs as another user, which has to reach its folder: pytest's own folders are private.
    with tempfile.TemporaryDirectory(prefix="qd-test-", ignore_cleanup_errors=True) as reachable:
        system_folder = Path(reachable)
        system_folder.chmod(0o755)
        data_dir = tmp_path_factory.mktemp("postgres")
        async with await ensure_running(data_dir, lambda _: None, system_folder=system_folder) as cluster:
            await create_template(cluster)
            yield cluster


@pytest.fixture
async def database_url(cluster: Cluster) -> AsyncIterator[str]:
    """A fresh migrated database, as `postgresql+asyncpg://…`."""
    async with fresh_database(cluster) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Both pools on a fresh database."""
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sandbox_url() -> AsyncIterator[str]:
    """A sandbox of its own, over a real socket."""
    async with serve(0) as sandbox:
        yield sandbox.url


@pytest.fixture
async def hand(sandbox_url: str) -> AsyncIterator[Hand]:
    """A person's hand on that sandbox."""
    async with aiohttp.ClientSession() as session:
        yield Hand(sandbox_url, session)


@pytest.fixture
async def bot(sandbox_url: str, hand: Hand, database_url: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot as a process, ready, without pacing and without Slack's rate limits."""
    await hand("limits", scale=0)
    settings = {"QD_SLACK_CHANNEL_INTERVAL_SECONDS": "0"}
    async with running_bot(sandbox_url, database_url, tmp_path / "bot.log", **settings) as bot:
        yield bot
