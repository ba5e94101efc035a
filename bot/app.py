"""The life of the bot: everything comes up in order, drains, and goes down in reverse."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot import wiring
from bot.database import Store, open_store
from bot.pulse import Pulse
from bot.sandbox_process import Desk, introduce, open_desk
from bot.settings import Settings
from bot.socket import Sockets
from bot.supervisor import Supervisor
from domain.chat import Chat, ChatBusy, ChatRevoked, ChatUnavailable, Identity
from domain.errors import ConfigurationError
from handlers.http import routes
from handlers.http.api.caller import Gate, is_loopback
from handlers.http.health import Probe
from handlers.slack.door import Door
from handlers.slack.table import register
from storage.outbox import Outbox
from workflows import engine, execution, housekeeping, measures
from workflows.delivery import DeliveryLoop
from workflows.reconciliation import Reconciliation
from workflows.services import Nudges, Pace, Services
from workflows.starter import Starter

log = logging.getLogger(__name__)

SOCKET_DRAIN_SECONDS = 2.0
SPAWNED_DRAIN_SECONDS = 2.0
ENGINE_DRAIN_SECONDS = 3.0
SLACK_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Bot:
    """A running bot: where it can be reached."""

    http_url: str
    desk: Desk
    services: Services
    sockets: Sockets


class Assembly:
    """The parts of one process, put together while it starts. They wake each other through it."""

    def __init__(self, settings: Settings, store: Store, desk: Desk) -> None:
        self.settings = settings
        self.store = store
        self.desk = desk
        self.measures = measures.create()
        self.supervisor = Supervisor(self.measures)
        self.pulse = Pulse(store.database, self.measures)
        self.services: Services | None = None
        self.sockets: Sockets | None = None
        self.delivery: DeliveryLoop | None = None
        self.idle = asyncio.Event()
        self.starter = Starter(store.database, self.measures, execution.start, self.idle)
        self.reconciliation: Reconciliation | None = None

    def _deliver(self) -> None:
        if self.delivery is not None:
            self.delivery.nudge()

    def _on_gap(self) -> None:
        if self.reconciliation is not None:
            self.reconciliation.request()

    def _on_missed(self) -> None:
        if self.sockets is not None:
            self.sockets.reset()

    async def build(self, chat: Chat, house: wiring.House) -> Services:
        """Launch the engine and build the services. Nothing awaits between the two, so that no workflow that is taken
        up runs without them.
        """
        launched = await engine.launch(engine.Config(self.store.psycopg_url, self.store.database.engine))
        self.pulse.engine = launched
        services = wiring.build(
            house,
            Outbox(self.store.database, launched.executor_id),
            chat,
            self.measures,
            Nudges(self._deliver, self.starter.offer),
            self.pulse.vitals,
            Pace(channel_interval=self.settings.channel_interval, idle=self.idle),
            self.supervisor,
        )
        engine.bind(services)
        self.services = services
        self.delivery = DeliveryLoop(services)
        return services

    async def listen(self, app: AsyncApp, services: Services, identity: Identity) -> Sockets:
        """Open the doors to Slack."""
        names = {chosen.lstrip("/"): ours for ours, chosen in self.settings.command_table.items()}
        register(app, Door(services, identity, names))
        self.sockets = Sockets(app, self.desk.app_token, self.measures, self.idle, self._on_gap)
        self.pulse.slack = self.sockets.state
        self.reconciliation = Reconciliation(services, identity, self._on_missed)
        await self.sockets.open()
        return self.sockets

    def keep_running(self, services: Services, sockets: Sockets) -> None:
        """Start everything that runs for as long as the process does."""
        assert self.delivery is not None  # noqa: S101 - built before
        assert self.reconciliation is not None  # noqa: S101 - built before
        self.supervisor.keep("delivery", self.delivery.run)
        self.supervisor.keep("starter", self.starter.run)
        self.supervisor.keep("reconciliation", self.reconciliation.run)
        self.supervisor.keep("sockets", sockets.watch)
        self.supervisor.keep("engine", self.pulse.run)
        self.supervisor.keep("housekeeping", lambda: housekeeping.run(services))
        if self.desk.watch is not None:
            self.supervisor.keep("sandbox", self.desk.watch)
        if self.store.watch is not None:
            self.supervisor.keep("postgres", self.store.watch)


async def identify(chat: Chat) -> Identity:
    """Ask Slack who we are, for as long as it takes Slack to answer. A refused token ends the start."""
    while True:
        try:
            return await chat.identify()
        except ChatBusy as busy:
            await asyncio.sleep(busy.retry_after)
        except ChatUnavailable as error:
            log.warning("Slack cannot be reached yet: %s", error.sentence)
            await asyncio.sleep(SLACK_RETRY_SECONDS)
        except ChatRevoked as error:
            raise ConfigurationError(
                "Slack refuses SLACK_BOT_TOKEN: copy the bot token of the app again (OAuth & Permissions)."
            ) from error


@asynccontextmanager
async def serve_http(settings: Settings, probe: Probe, gate: Gate) -> AsyncIterator[str]:
    """The HTTP door; yields its address."""
    runner = web.AppRunner(routes.create(probe, gate), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.http_host, settings.http_port)
        try:
            await site.start()
        except OSError as error:
            # asyncio wraps the system's word in a sentence of its own; a name that is not found has its own numbers.
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise ConfigurationError(
                f"The HTTP door cannot have {settings.http_host}:{settings.http_port} ({reason}):"
                " stop what listens there, or pass --http-port with another."
            ) from error
        port = runner.addresses[0][1]
        yield f"http://{settings.http_host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def run(settings: Settings, *, sandbox: bool, scenario: str | None) -> AsyncIterator[Bot]:
    """The whole bot, ready when the block begins, drained when it ends.

    Raises QuarterdeckError with a sentence for what hinders the start.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        desk = await stack.enter_async_context(open_desk(settings, wanted=sandbox, scenario=scenario))
        parts = Assembly(settings, store, desk)
        probe = Probe(parts.pulse.readiness, parts.pulse.measure, parts.measures.registry)
        gate = Gate(
            settings.api_tokens,
            desk.page is not None,
            is_loopback(settings.http_host),
            lambda: parts.services,
        )
        http_url = await stack.enter_async_context(serve_http(settings, probe, gate))
        session = await stack.enter_async_context(wiring.create_session())
        if desk.page is not None:
            await introduce(desk.page, http_url, session)
        chat = wiring.create_chat(desk.bot_token, desk.api_url, session, parts.measures)
        house = wiring.load_house(settings, desk, chat)
        identity = await identify(chat)
        services = await parts.build(chat, house)
        stack.push_async_callback(close_engine)
        # Before the engine: what runs in the background would go on asking it.
        stack.push_async_callback(parts.supervisor.close)
        app = wiring.create_app(desk.bot_token, desk.api_url, session, identity)
        sockets = await parts.listen(app, services, identity)
        stack.push_async_callback(parts.supervisor.finish, SPAWNED_DRAIN_SECONDS)
        stack.push_async_callback(sockets.close, SOCKET_DRAIN_SECONDS)
        await parts.pulse.beat()
        parts.keep_running(services, sockets)
        parts.pulse.started = True
        yield Bot(http_url, desk, services, sockets)
        log.info("Stopping: what was acknowledged is finished or durable")


async def close_engine() -> None:
    """Let the steps in flight end; what waits goes on after the next start."""
    if engine.Engine.running is not None:
        await engine.Engine.running.close(ENGINE_DRAIN_SECONDS)
