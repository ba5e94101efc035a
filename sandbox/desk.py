"""All the parts of one sandbox, in one place that is passed around."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.feed import Feed
from sandbox.identity import IdSource
from sandbox.limits import Limits
from sandbox.log import Log
from sandbox.manifest import Manifest
from sandbox.response_url import ResponseUrlBook
from sandbox.seed import seed_workspace
from sandbox.socket_mode import SocketMode
from sandbox.trigger import TriggerBook
from sandbox.view import ViewBook
from sandbox.workspace import Workspace
from sandbox.world.state import World


@dataclass(slots=True)
class Desk:
    """One sandbox. `url` is its own address, known once it listens."""

    manifest: Manifest
    ids: IdSource
    clock: Clock
    log: Log
    feed: Feed
    faults: Faults
    limits: Limits
    workspace: Workspace
    sockets: SocketMode
    triggers: TriggerBook
    response_urls: ResponseUrlBook
    views: ViewBook
    world: World
    url: str = ""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; it is cancelled when the sandbox stops."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """Stop what runs in the background and hang up."""
        self.feed.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.sockets.close()


def build_desk(manifest: Manifest, bot_url: str | None = None, scenario: str | None = None) -> Desk:
    """Put a new sandbox together with its seeded people and channels."""
    ids, clock, log, feed, faults = IdSource(), Clock(), Log(), Feed(), Faults()
    return Desk(
        manifest=manifest,
        ids=ids,
        clock=clock,
        log=log,
        feed=feed,
        faults=faults,
        limits=Limits(),
        workspace=seed_workspace(ids),
        sockets=SocketMode(clock, log, faults, ids),
        triggers=TriggerBook(clock, ids),
        response_urls=ResponseUrlBook(clock, ids),
        views=ViewBook(ids),
        world=World(clock, log, feed, bot_url, scenario),
    )
