"""`quarterdeck up`: what it prints, how it ends, and what it leaves behind however it ends."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Terminal, answers, is_gone
from tests.support.hand import Hand
from tests.support.store import remove_cluster
from tests.support.wait import until


async def test_it_prints_where_to_look_and_ends_with_ctrl_c(connected: Terminal) -> None:
    async with connected.up() as bot:
        http, page, sandbox = bot.address("HTTP"), bot.address("Sandbox"), bot.sandbox()
        assert await answers(f"{http}/readyz")
        assert await answers(page)
        assert "1. /help" in bot.out

        ended = await bot.stop(signal.SIGINT)

    assert ended.status == 0
    assert "Traceback" not in ended.err
    await is_gone(sandbox)
    assert not await answers(http)


async def test_it_waits_for_slack_and_a_signal_ends_the_wait(connected: Terminal) -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-sandbox", "SLACK_APP_TOKEN": "xapp-sandbox"}
    process = await connected.open("up", "--http-port", 0, SLACK_API_URL="http://127.0.0.1:1/api/", **tokens)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            assert b"Slack cannot be reached yet" in await process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            _, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()

    assert process.returncode == 0
    assert b"Traceback" not in err


async def test_it_ends_on_sigterm_and_leaves_a_sandbox_that_it_only_joined_and_no_secret_in_its_log(
    connected: Terminal, sandbox_url: str, hand: Hand
) -> None:
    """At its most talkative, with a command, a mention, a reload of the sockets and a call that fails."""
    url = connected.environment["DATABASE_URL"]
    assert "quarterdeck@" in url
    connected.environment["DATABASE_URL"] = url.replace("quarterdeck@", "quarterdeck:hunter22%21@")

    async with connected.up("--sandbox-port", sandbox_url.rsplit(":", 1)[1], QD_LOG_LEVEL="DEBUG") as bot:
        assert bot.address("Sandbox") == sandbox_url
        assert bot.children() == []
        await hand("faults", fail={"method": "chat.postMessage", "status": 500, "times": 1}, refresh=True)
        assert (await hand.command("/execute roll back checkout"))["ok"]
        await hand.say("@Quarterdeck what about my-private-words?")
        await until(lambda: _shown(hand), "both answers are shown", 20)
        ended = await bot.stop(signal.SIGTERM)

    assert ended.status == 0
    assert await answers(sandbox_url)
    assert "Slack answered internal_error" in ended.err
    for hidden in ("hunter22", "my-private-words", "roll back checkout", "ticket="):
        assert hidden not in ended.err, [line for line in ended.err.splitlines() if hidden in line][:3]


async def _shown(hand: Hand) -> bool:
    return len(await hand.cards("C0OPS")) >= 2


@pytest.fixture
async def folder(terminal: Terminal) -> AsyncIterator[Path]:
    """A data folder, to be made; its database is removed at the end."""
    path = terminal.folder / "data"
    yield path
    if path.is_dir():
        await remove_cluster(path)


async def test_a_day_of_a_data_folder(terminal: Terminal, folder: Path) -> None:
    """One `up` on it at a time, other commands beside it, a kill, another start."""
    async with terminal.up("--data-dir", folder) as bot:
        second = await terminal("up", "--data-dir", folder, "--http-port", 0)
        assert f"Another Quarterdeck (pid {bot.process.pid}) already runs on {folder}" in second.sentence
        beside = await terminal("doctor", "--data-dir", folder)
        assert "ok       Database  PostgreSQL" in beside.out
        sandbox = bot.sandbox()
        await bot.stop(signal.SIGKILL)
        await is_gone(sandbox)

    async with terminal.up("--data-dir", folder) as again:
        assert await answers(f"{again.address('HTTP')}/readyz")
        ended = await again.stop(signal.SIGINT)
        assert ended.status == 0

    assert folder.stat().st_mode & 0o777 == 0o700
