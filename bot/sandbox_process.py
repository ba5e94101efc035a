"""Which Slack the bot talks to: the real one, or a sandbox that runs already or is started as a child."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.settings import SANDBOX_APP_TOKEN, SANDBOX_BOT_TOKEN, Settings, is_loopback
from domain.errors import ConfigurationError

START_SECONDS = 15.0
STOP_SECONDS = 3.0


@dataclass(frozen=True)
class Desk:
    """Tokens and addresses of the Slack we talk to. `page` is the sandbox's, None with a real Slack."""

    bot_token: str
    app_token: str
    api_url: str
    page: str | None


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
    async with _child(settings, scenario) as address:
        yield _sandbox_desk(address)


def _sandbox_desk(address: str) -> Desk:
    return Desk(SANDBOX_BOT_TOKEN, SANDBOX_APP_TOKEN, f"{address}/api/", address)


def refuse_sandbox_tokens(bot_token: str, api_url: str) -> None:
    """Raise ConfigurationError where the sandbox's token would go anywhere but to this machine."""
    if bot_token == SANDBOX_BOT_TOKEN and not is_loopback(api_url):
        raise ConfigurationError(
            "The sandbox's token works against a sandbox on this machine only: set SLACK_BOT_TOKEN to your app's."
        )


async def _answers(address: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{address}/_sandbox/state") as answer,
        ):
            return answer.status == 200 and "bot" in await answer.json()
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


@asynccontextmanager
async def _child(settings: Settings, scenario: str | None) -> AsyncIterator[str]:
    arguments = ["--with-parent", "--port", str(settings.sandbox_port)]
    if settings.http_port:
        arguments += ["--bot-url", f"http://127.0.0.1:{settings.http_port}"]
    if scenario:
        arguments += ["--scenario", scenario]
    # In a session of its own, so that Ctrl-C reaches us first and it outlives our drain. Its standard input is a
    # pipe from us: when we die it reads the end of it and stops too.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a folder named sandbox where we were started is not ours
        "-m",
        "sandbox",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield await _wait_for(process, settings.sandbox_port)
    finally:
        await _stop(process)


async def _wait_for(process: asyncio.subprocess.Process, port: int) -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        async with asyncio.timeout(START_SECONDS):
            line = (await process.stdout.readline()).decode()
    except TimeoutError:
        line = ""
    address = next((word for word in line.split() if word.startswith("http://")), None)
    if address is None:
        raise ConfigurationError(
            f"The sandbox did not start on port {port}: what it said stands above; or pass another --sandbox-port."
        )
    return address.rstrip("/")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
