"""Socket Mode connections: two of them, so that one can be replaced while the other listens."""

import asyncio
import json
import logging
import time
from collections.abc import Callable

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from domain.overview import SlackState
from workflows.measures import Measures

log = logging.getLogger(__name__)

CONNECTIONS = 2
PING_SECONDS = 5.0
"""The SDK replaces a connection that has not answered four pings."""
WATCH_SECONDS = 2.0
STUCK_SECONDS = 20.0
RESET_EVERY_SECONDS = 30.0
TURN_SECONDS = 5.0
NOT_FOUND = 404

_REVOKED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"}
)


class Connection(SocketModeClient):
    """The SDK's client. Here it holds on to the tasks it starts (the SDK keeps no reference to them) and waits
    for its turn before it replaces its socket.
    """

    def __init__(self, sockets: "Sockets", app_token: str, web_client: AsyncWebClient) -> None:
        super().__init__(app_token, web_client=web_client, ping_interval=PING_SECONDS)
        self._sockets = sockets
        self._running: set[asyncio.Task[None]] = set()
        self.down_since: float | None = None
        self.socket_mode_request_listeners.append(sockets.handle)

    @property
    def stands(self) -> bool:
        """Whether the socket is open. (It may be mute all the same: see `workflows.reconciliation`.)"""
        return not self.closed and self.current_session is not None and not self.current_session.closed

    async def connected(self) -> None:
        """Connect, however long it takes."""
        await self.connect()  # type: ignore[no-untyped-call]

    async def process_message(self) -> None:
        raw = await self.message_queue.get()
        message = json.loads(raw) if raw.startswith("{") else {}
        self._hold(asyncio.create_task(self.run_message_listeners(message, raw)))

    async def issue_new_wss_url(self) -> str:
        try:
            url = await super().issue_new_wss_url()
        except SlackApiError as error:
            self._sockets.note_refusal(str(error.response.get("error", "")))
            raise
        self._sockets.note_refusal("")
        return url

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """`force` is the SDK's word for a replacement that Slack asked for; everything else is a loss."""
        async with self._sockets.turn_of(self):
            await super().connect_to_new_endpoint(force)
        if not force or not self._sockets.others_stand(self):
            self._sockets.on_gap()

    def begin(self) -> None:
        """Connect in the background."""
        self._hold(asyncio.create_task(self.connected()))

    def renew(self) -> None:
        """Replace the socket in the background, whatever it looks like."""
        self._hold(asyncio.create_task(self.connect_to_new_endpoint(force=True)))

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def shut(self) -> None:
        """Close for good; the tasks that still run are given up."""
        await self.close()  # type: ignore[no-untyped-call]
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


class Sockets:
    """The connections of one process. `idle` is set while no envelope is being answered; `on_gap` is called when
    something may have been lost.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        measures: Measures,
        idle: asyncio.Event,
        on_gap: Callable[[], None],
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._measures = measures
        self._connections: list[Connection] = []
        self._turn = asyncio.Lock()
        self._refusal = ""
        self._reset_at = float("-inf")
        self.on_gap = on_gap
        self._in_flight = 0
        self._idle = idle
        idle.set()

    async def open(self) -> None:
        """Connect; returns when the first connection stands. The others follow."""
        first = self._add()
        await first.connected()
        for _ in range(CONNECTIONS - 1):
            connection = self._add()
            asyncio.get_running_loop().call_soon(connection.begin)

    def _add(self) -> Connection:
        connection = Connection(self, self._app_token, self._app.client)
        self._connections.append(connection)
        return connection

    def state(self) -> SlackState:
        """What `/readyz` says about Slack."""
        if any(connection.stands for connection in self._connections):
            return "connected"
        return "revoked" if self._refusal in _REVOKED else "reconnecting"

    def note_refusal(self, error: str) -> None:
        """Slack's word for why it gives us no address, or nothing once it does."""
        self._refusal = error

    def others_stand(self, connection: Connection) -> bool:
        """Whether another connection listens while this one does not."""
        return any(other.stands for other in self._connections if other is not connection)

    def turn_of(self, connection: Connection) -> "_Turn":
        """One connection is replaced at a time; but nobody waits long for one that is stuck."""
        return _Turn(self._turn)

    async def handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Let Bolt answer an envelope, and acknowledge it. An event that a listener could not keep is not
        acknowledged, so that Slack sends it again; one that nobody listens to is.
        """
        began, clock = time.time(), time.perf_counter()
        self._in_flight += 1
        self._idle.clear()
        try:
            response: BoltResponse = await run_async_bolt_app(self._app, request)
            if response.status == NOT_FOUND and request.type == "events_api":
                response = BoltResponse(status=200)
            await send_async_response(client, request, response, began)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
        self._measures.ack_seconds.labels(request.type).observe(time.perf_counter() - clock)

    async def watch(self) -> None:
        """Count what stands, and replace a connection that the SDK cannot bring back by itself."""
        while True:
            self._measures.sockets.set(sum(connection.stands for connection in self._connections))
            for connection in list(self._connections):
                if self._is_stuck(connection):
                    await self._replace(connection, "stuck")
            await asyncio.sleep(WATCH_SECONDS)

    def _is_stuck(self, connection: Connection) -> bool:
        if connection.stands:
            connection.down_since = None
            return False
        now = time.monotonic()
        connection.down_since = connection.down_since or now
        return now - connection.down_since > STUCK_SECONDS

    async def _replace(self, connection: Connection, reason: str) -> None:
        self._measures.socket_resets.labels(reason).inc()
        log.warning("A Slack connection is replaced: %s", reason)
        self._connections.remove(connection)
        self._add().begin()
        await connection.shut()
        self.on_gap()

    def reset(self) -> None:
        """Replace every connection, one after the other: something was said that did not reach us."""
        if time.monotonic() - self._reset_at < RESET_EVERY_SECONDS:
            return
        self._reset_at = time.monotonic()
        for connection in self._connections:
            self._measures.socket_resets.labels("mute").inc()
            connection.renew()

    async def close(self, seconds: float) -> None:
        """Finish what is in flight (at most `seconds`), then close cleanly."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%s envelopes were not answered before the sockets closed", self._in_flight)
        await asyncio.gather(*(connection.shut() for connection in self._connections))


class _Turn:
    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._held = False

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                self._held = await self._lock.acquire()
        except TimeoutError:
            log.info("A Slack connection is replaced out of turn: another one takes long")

    async def __aexit__(self, *_: object) -> None:
        if self._held:
            self._lock.release()
