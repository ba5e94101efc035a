"""A real HTTP server on loopback, and HTTP actions that know its address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web

from integrations.http_action import HttpActions
from tests.integration.actions.server import Deployer, say


@pytest.fixture
async def deployer() -> AsyncIterator[Deployer]:
    served = Deployer()
    served.answers(say(ok=True, previous_version="v42"))
    application = web.Application(client_max_size=1 << 20)
    application.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    with suppress(TimeoutError):
        await asyncio.wait_for(runner.cleanup(), 5)


@pytest.fixture
def actions(deployer: Deployer) -> HttpActions:
    return HttpActions({"DEPLOYER": deployer.url, "TOKEN": "not-to-be-seen"}, backoff_seconds=0.01)
