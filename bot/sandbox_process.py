"""Which Slack the bot talks to: the real one, or a sandbox that runs already or is started as a child."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.settings import SANDBOX_APP_TOKEN, SANDBOX_BOT_TOKEN, Settings, is_loopback
from domain.errors import ConfigurationError

Watch = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)

START_SECONDS = 15.0
STOP_SECONDS = 3.0


@dataclass(frozen=True)
class Desk:
    """Tokens and addresses of the Slack we talk to. `page` is the sandbox's, None with a real Slack; `watch` keeps a
    sandbox of our own alive.
    """

    bot_token: str
    app_token: str
    api_url: str
    page: str | None
    watch: Watch | None = None


@asynccontextmanager
async def open_desk(settings: Settings, *, wanted: bool, scenario: str | None) -> AsyncIterator[Desk]:
    """The Slack for this run. Without tokens, or with `wanted`, it is the sandbox."""
    if settings.has_slack and not wanted:
        assert settings.slack_bot_token is not None  # noqa: S101 - has_slack looked
        assert settings.slack_app_token is not None  # noqa: S101 - has_slack looked
        bot, app = settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
        refuse_sandbox_tokens(bot, settings.slack_api_url)
        yield Desk(bot, app, settings.slack_api_url, None)
        return
    address = f"http://127.0.0.1:{settings.sandbox_port}"
    if settings.sandbox_port and await _answers(address):
        yield _sandbox_desk(address)
        return
    _check_free(settings.sandbox_port)
    child = Child(settings, scenario)
    try:
        yield _sandbox_desk(await child.start(), child.watch)
    finally:
        await child.stop()


def _sandbox_desk(address: str, watch: Watch | None = None) -> Desk:
    return Desk(SANDBOX_BOT_TOKEN, SANDBOX_APP_TOKEN, f"{address}/api/", address, watch)


def refuse_sandbox_tokens(bot_token: str, api_url: str) -> None:
    """Raise ConfigurationError where the sandbox's token would go anywhere but to this machine."""
    if bot_token == SANDBOX_BOT_TOKEN and not is_loopback(api_url):
        raise ConfigurationError(
            "The sandbox's token works against a sandbox on this machine only: set SLACK_BOT_TOKEN to your app's."
        )


async def introduce(page: str, bot_url: str, session: aiohttp.ClientSession) -> None:
    """Tell the sandbox where its world finds us: it may have been there before us."""
    try:
        async with session.post(f"{page}/_sandbox/bot", json={"url": bot_url}) as answer:
            if answer.status != 200:
                log.warning("The sandbox does not take our address (status %s)", answer.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("The sandbox does not take our address: %s", type(error).__name__)


async def _answers(address: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{address}/_sandbox/state") as answer,
        ):
            found = await answer.json()
            return answer.status == 200 and isinstance(found, dict) and "bot" in found
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise ConfigurationError(
            f"The sandbox cannot have port {port} ({os.strerror(error.errno or 0)}): stop what listens there, or pass"
            " --sandbox-port with another."
        ) from error


class Child:
    """A sandbox of our own. It is started again if it ends, on the same port; what was said there is then gone."""

    def __init__(self, settings: Settings, scenario: str | None) -> None:
        self._settings = settings
        self._scenario = scenario
        self._port = settings.sandbox_port
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start it and return its address. Raises ConfigurationError where it does not start."""
        # In a session of its own, so that Ctrl-C reaches us first and it outlives our drain. Its standard input is a
        # pipe from us: when we die it reads the end of it and stops too.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder named sandbox where we were started is not ours
            "-m",
            "sandbox",
            *self._arguments(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        address = await self._read_address(self._process)
        self._port = int(address.rsplit(":", 1)[1])
        return address

    def _arguments(self) -> list[str]:
        arguments = ["--with-parent", "--port", str(self._port)]
        if self._settings.http_port:
            arguments += ["--bot-url", f"http://127.0.0.1:{self._settings.http_port}"]
        return [*arguments, "--scenario", self._scenario] if self._scenario else arguments

    async def _read_address(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            async with asyncio.timeout(START_SECONDS):
                line = (await process.stdout.readline()).decode()
        except TimeoutError:
            line = ""
        address = next((word for word in line.split() if word.startswith("http://")), None)
        if address is None:
            raise ConfigurationError(
                f"The sandbox did not start on port {self._port}: what it said stands above; or pass another"
                " --sandbox-port."
            )
        self._reading = asyncio.create_task(_drain(process.stdout))
        return address.rstrip("/")

    async def watch(self) -> None:
        """Start it again whenever it ends; to be supervised."""
        while True:
            assert self._process is not None  # noqa: S101 - it was started
            code = await self._process.wait()
            log.error("The sandbox ended by itself (status %s) and is started again, empty", code)
            await self.start()

    async def stop(self) -> None:
        """Stop it, by force if it does not listen."""
        if self._reading is not None:
            self._reading.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read on, so that a full pipe never stops the writer."""
    while await stream.read(65_536):
        pass
