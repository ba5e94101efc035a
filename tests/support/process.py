"""The bot as a real process, to be stopped, killed and started again."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from storage.database import address
from tests.support.wait import until

REPOSITORY = Path(__file__).parents[2]
_OURS = ("QD_", "SLACK_", "DATABASE_URL")


class BotProcess:
    """`quarterdeck up` on a sandbox that runs already."""

    def __init__(self, sandbox_url: str, database_url: str | None, log: Path, **settings: str) -> None:
        """Without `database_url` it uses its embedded Postgres (set QD_DATA_DIR)."""
        self.log = log
        self._sandbox_port = sandbox_url.rsplit(":", 1)[1].rstrip("/")
        if database_url is not None:
            settings["DATABASE_URL"] = address(database_url, "postgresql")
        self.settings = settings
        self._environment = clean_environment(QD_LOG_FORMAT="json", **settings)
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, *, wait: bool = True) -> None:
        """Start it; with `wait`, return when it is ready."""
        with self.log.open("ab") as sink:
            began = sink.tell()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "up", "--sandbox", "--http-port", "0",
                "--sandbox-port", self._sandbox_port,
                cwd=REPOSITORY, env=self._environment, stdout=sink, stderr=sink,
            )  # fmt: skip
        if wait:
            await until(lambda: self._read_url(began), f"the bot is ready:\n{self.log}", 40)

    def _read_url(self, since: int) -> bool:
        assert self._process is not None
        text = self.log.read_bytes()[since:].decode(errors="replace")
        assert self._process.returncode is None, (
            f"the bot ended with {self._process.returncode}:\n{text[-3000:]}"
        )
        for line in text.splitlines():
            if line.strip().startswith("HTTP  "):
                self.url = line.split()[1]
        return bool(self.url) and "Ctrl-C stops it." in text

    async def get(self, path: str) -> tuple[int, str]:
        """GET an address of the bot's HTTP door: status and body."""
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), 20)
        self._process, self.url = None, ""
        return code

    def read_log(self) -> str:
        return self.log.read_text(errors="replace")


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without anything that configures Quarterdeck, and with `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **settings}


@asynccontextmanager
async def running_bot(
    sandbox_url: str, database_url: str | None, log: Path, **settings: str
) -> AsyncIterator[BotProcess]:
    """A bot that is ready, killed at the end if it still runs."""
    bot = BotProcess(sandbox_url, database_url, log, **settings)
    try:
        await bot.start()
        yield bot
    finally:
        await bot.kill()
