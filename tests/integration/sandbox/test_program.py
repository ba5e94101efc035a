"""`python -m sandbox` as a program: where it listens, whom it answers, how it stops."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from sandbox.server import AddressError, serve


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 10)
    return line.decode().split()[-1]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_prints_its_address_and_stops_within_a_second(stop: signal.Signals) -> None:
    async with program("--port", "0") as process, aiohttp.ClientSession() as session:
        url = await address(process)
        async with session.get(f"{url}/_sandbox/health") as response:
            assert (await response.json())["sandbox"] is True
        async with session.post(
            f"{url}/api/apps.connections.open", data={"token": "xapp-sandbox"}
        ) as response:
            ticket = (await response.json())["url"]
        async with session.ws_connect(ticket), session.get(f"{url}/_sandbox/events"):
            started = time.monotonic()
            process.send_signal(stop)
            assert await asyncio.wait_for(process.wait(), 5) == 0
            assert time.monotonic() - started < 1


async def test_a_taken_port_is_told_in_one_sentence_with_status_2() -> None:
    async with serve() as running:
        port = running.url.rsplit(":", 1)[-1]
        async with program("--port", port) as process:
            _, errors = await asyncio.wait_for(process.communicate(), 10)
            assert process.returncode == 2
            assert "--port" in errors.decode()
            assert len(errors.decode().strip().splitlines()) == 1


async def test_it_refuses_to_listen_beyond_the_loopback() -> None:
    with pytest.raises(AddressError, match="loopback"):
        async with serve(host="0.0.0.0"):
            pass


async def test_other_names_and_other_pages_are_not_answered() -> None:
    async with serve() as running, aiohttp.ClientSession() as session:
        port = running.url.rsplit(":", 1)[-1]
        state = f"{running.url}/_sandbox/state"
        for headers, status in (
            ({}, 200),
            ({"Host": f"localhost:{port}"}, 200),
            ({"Host": "evil.example"}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": running.url}, 200),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
        ):
            async with session.get(state, headers=headers) as response:
                assert response.status == status, headers


async def test_the_page_and_its_modules_are_served_and_nothing_else() -> None:
    async with serve() as running, aiohttp.ClientSession() as session:
        async with session.get(f"{running.url}/") as response:
            assert response.status == 200
            assert response.content_type == "text/html"
        for name in ("none.js", "..%2fserver.py", "%2e%2e%2fserver.py"):
            async with session.get(f"{running.url}/page/{name}") as response:
                assert response.status == 404
