"""Socket Mode: single-use tickets, sockets, envelopes and their acknowledgements."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from sandbox.clock import Clock
from sandbox.envelope import CONNECTION_SECONDS, goodbye, hello, wrap
from sandbox.faults import Faults
from sandbox.identity import IdSource
from sandbox.log import Log

MAX_SOCKETS = 10
ACK_SECONDS = 3.0
WARNING_SECONDS = 10.0
CLOSE_AFTER_SECONDS = 2.0
REFRESH_SPACING_SECONDS = 1.0
TICKET_SECONDS = 30.0
MAX_TICKETS = 1000

Mute = Literal["", "events", "all"]


class NoSocketError(Exception):
    """No socket of the app is open."""


class AckTimeoutError(Exception):
    """The app did not acknowledge an envelope within three seconds."""


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement: its payload (None without one) and the milliseconds it took."""

    payload: dict[str, Any] | None
    ms: float


@dataclass(eq=False, slots=True)
class Socket:
    """One open connection of the app."""

    number: int
    connection: web.WebSocketResponse
    request: web.Request
    mute: Mute = ""
    ending: bool = False
    warned: bool = False
    leaving: bool = False

    @property
    def usable(self) -> bool:
        """Whether Slack would still choose it for an envelope."""
        return not self.leaving and not self.connection.closed

    async def write(self, text: str) -> None:
        """Send a frame; into a mute or dying socket it is lost, as on a real network."""
        if self.mute or self.connection.closed:
            return
        try:
            await self.connection.send_str(text)
        except (ConnectionError, RuntimeError):
            self.leaving = True

    def abort(self) -> None:
        """Cut the transport without a goodbye."""
        self.leaving = True
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass(slots=True)
class _Pending:
    future: asyncio.Future[Ack]
    sent_at: float
    timer: asyncio.TimerHandle | None = field(default=None)


class SocketMode:
    """The sockets of the one app and what is on its way to it."""

    def __init__(self, clock: Clock, log: Log, faults: Faults, ids: IdSource) -> None:
        self._clock, self._log, self._faults, self._ids = clock, log, faults, ids
        self._tickets: dict[str, float] = {}
        self._sockets: list[Socket] = []
        self._pending: dict[str, _Pending] = {}
        self._turn = 0
        self._next_refresh = 0.0
        self._count = 0

    @property
    def sockets(self) -> list[Socket]:
        """The connections that are open now."""
        return [socket for socket in self._sockets if not socket.connection.closed]

    def open_ticket(self) -> str:
        """Return a ticket that opens one connection within 30 seconds."""
        now = self._clock.now()
        self._tickets = {key: until for key, until in self._tickets.items() if until > now}
        while len(self._tickets) >= MAX_TICKETS:
            self._tickets.pop(next(iter(self._tickets)))
        ticket = self._ids.secret()
        self._tickets[ticket] = now + TICKET_SECONDS
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer `GET /link/?ticket=…`: one WebSocket from hello to goodbye."""
        if self._faults.refuse_connections_until > self._clock.now():
            self._log.add("socket", outcome="refused")
            return web.Response(status=503, text="connections are refused by an ordered fault")
        if self._tickets.pop(request.query.get("ticket", ""), 0.0) <= self._clock.now():
            self._log.add("socket", outcome="bad_ticket")
            return web.Response(
                status=403, text="this ticket is unknown, used or expired: call apps.connections.open"
            )
        if self._faults.handshake_delay_ms:
            await asyncio.sleep(self._faults.handshake_delay_ms / 1000)
        connection = web.WebSocketResponse(autoping=False, autoclose=False, compress=False, timeout=2.0)
        await connection.prepare(request)
        if len(self.sockets) >= MAX_SOCKETS:
            self._log.add("socket", outcome="too_many_websockets")
            await connection.send_str(goodbye("too_many_websockets", len(self.sockets)))
            await connection.close()
            return connection
        await self._live(connection, request)
        return connection

    async def _live(self, connection: web.WebSocketResponse, request: web.Request) -> None:
        self._count += 1
        socket = Socket(self._count, connection, request)
        self._sockets.append(socket)
        self._log.add("socket", outcome="open", socket=socket.number, open=len(self.sockets))
        ageing = asyncio.create_task(self._age(socket))
        try:
            await socket.write(hello(len(self.sockets)))
            await self._read(socket)
        finally:
            ageing.cancel()
            self._sockets.remove(socket)
            self._log.add("socket", outcome="closed", socket=socket.number, open=len(self.sockets))

    async def _read(self, socket: Socket) -> None:
        while True:
            message = await socket.connection.receive()
            if message.type is WSMsgType.TEXT:
                self._take_ack(socket, message.data)
            elif message.type is WSMsgType.PING:
                if socket.mute != "all":
                    await socket.connection.pong(message.data)
            elif message.type is WSMsgType.CLOSE:
                await self._part(socket)
                return
            elif message.type in (WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    async def _part(self, socket: Socket) -> None:
        socket.leaving = True
        if socket.mute != "all":
            await socket.connection.close(drain=False)
            return
        deadline = time.monotonic() + 30
        while (transport := socket.request.transport) is not None and time.monotonic() < deadline:
            if transport.is_closing():
                return
            await asyncio.sleep(0.05)  # a mute socket answers no goodbye: wait until the other end hangs up

    async def _age(self, socket: Socket) -> None:
        await self._clock.sleep(CONNECTION_SECONDS - WARNING_SECONDS)
        await self._refresh_socket(socket)

    async def refresh(self, at_once: bool = False) -> None:
        """Replace every connection as Slack does: a warning, ten seconds later the request, then the end.

        Connections age apart from each other, so they are warned a second apart, unless `at_once`.
        """
        sockets = [socket for socket in self.sockets if not socket.ending]
        await asyncio.gather(*(self._refresh_socket(socket, at_once) for socket in sockets))

    async def _refresh_socket(self, socket: Socket, at_once: bool = False) -> None:
        socket.ending = True
        if not at_once:
            due = max(self._clock.now(), self._next_refresh)
            self._next_refresh = due + REFRESH_SPACING_SECONDS
            await self._clock.sleep(due - self._clock.now())
        socket.warned = True
        await socket.write(goodbye("warning", len(self.sockets)))
        await self._clock.sleep(WARNING_SECONDS)
        await socket.write(goodbye("refresh_requested", len(self.sockets)))
        socket.leaving = True
        await self._clock.sleep(CLOSE_AFTER_SECONDS)
        if not socket.connection.closed and not socket.mute:
            await socket.connection.close()

    async def disable(self) -> None:
        """End every connection as Slack does when the app is uninstalled or Socket Mode is switched off."""
        for socket in self.sockets:
            await socket.write(goodbye("link_disabled", len(self.sockets)))
            socket.leaving = True
            if not socket.mute:
                await socket.connection.close()

    def drop(self) -> int:
        """Cut every connection abruptly; return how many."""
        sockets = self.sockets
        for socket in sockets:
            socket.abort()
        return len(sockets)

    def mute(self, mode: Mute) -> int:
        """Let nothing arrive through the connections open now (`events`: pongs still do); `` ends it."""
        sockets = self.sockets
        for socket in sockets:
            socket.mute = mode
        return len(sockets)

    async def deliver(
        self, type_: str, payload: dict[str, Any], accepts: bool, retry: int | None = None
    ) -> Ack:
        """Send one envelope through one socket and wait for its ack.

        Raises NoSocketError where none is open, AckTimeoutError after three seconds without an ack.
        """
        envelope_id = self._ids.envelope()
        entry = self._log.add(
            "envelope", type=type_, envelope_id=envelope_id, payload=payload, outcome="sent"
        )
        if retry is not None:
            entry["retry_attempt"] = retry
        text = wrap(envelope_id, type_, payload, accepts, retry)
        try:
            ack = await self._send(envelope_id, text, entry)
        except NoSocketError:
            entry["outcome"] = "no_socket"
            raise
        except AckTimeoutError:
            entry["outcome"] = "timeout"
            raise
        entry |= {"outcome": "acked", "latency_ms": ack.ms}
        return ack

    async def _send(self, envelope_id: str, text: str, entry: dict[str, Any]) -> Ack:
        socket = self._choose()
        entry["socket"] = socket.number
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        pending = _Pending(future, time.perf_counter())
        pending.timer = self._clock.call_later(ACK_SECONDS, lambda: self._expire(future))
        self._pending[envelope_id] = pending
        try:
            await socket.write(text)
            if self._faults.take_duplicate():
                entry["duplicated"] = True
                await self._choose().write(text)
            return await future
        finally:
            pending.timer.cancel()
            self._pending.pop(envelope_id, None)

    def _choose(self) -> Socket:
        # What was warned is on its way out: it gets something only where nothing fresh is open.
        usable = [socket for socket in self._sockets if socket.usable and not socket.warned]
        usable = usable or [socket for socket in self._sockets if socket.usable]
        if not usable:
            raise NoSocketError
        self._turn += 1
        return usable[self._turn % len(usable)]

    @staticmethod
    def _expire(future: asyncio.Future[Ack]) -> None:
        if not future.done():
            future.set_exception(AckTimeoutError())

    def _take_ack(self, socket: Socket, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            self._log.warn_aloud(
                "socket", f"Socket {socket.number} sent a frame that is not JSON.", outcome="bad_frame"
            )
            return
        pending = self._pending.get(message.get("envelope_id", "")) if isinstance(message, dict) else None
        if pending is None or pending.future.done():
            self._log.add("socket", outcome="late_or_unknown_ack", socket=socket.number, frame=text[:500])
            return
        payload = message.get("payload")
        ms = round((time.perf_counter() - pending.sent_at) * 1000, 3)
        pending.future.set_result(Ack(payload if isinstance(payload, dict) and payload else None, ms))

    async def close(self) -> None:
        """Say goodbye to every socket, within a moment."""
        for socket in self.sockets:
            socket.abort()
        await asyncio.sleep(0)
