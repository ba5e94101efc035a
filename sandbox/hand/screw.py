"""The screws of the sandbox: faults, rate limits, the clock, the bot's address."""

import ipaddress
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from sandbox.faults import CallFault
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.socket_mode import Mute

KNOWN_FAULTS = {
    "refresh",
    "drop_sockets",
    "mute",
    "refuse_connections_s",
    "duplicate_next",
    "handshake_delay_ms",
    "api_latency_ms",
    "rate_limit",
    "revoke",
    "fail",
    "clear",
}


async def faults(gesture: Gesture) -> Answer:
    """Order faults; `clear` comes first. Answers what stands ordered now, and how many sockets are open."""
    unknown = set(gesture.body) - KNOWN_FAULTS
    if unknown:
        detail = f"There is no fault {', '.join(sorted(unknown))}: use {', '.join(sorted(KNOWN_FAULTS))}."
        raise HandError("invalid_arguments", detail)
    _order_calls(gesture)
    _order_kept(gesture)
    _order_sockets(gesture)
    sockets = [{"number": item.number, "mute": item.mute} for item in gesture.desk.sockets.sockets]
    return {"faults": asdict(gesture.desk.faults), "sockets": sockets}


async def limits(gesture: Gesture) -> Answer:
    """Multiply the rate tiers: `{scale}`; 0 turns them off."""
    gesture.desk.limits.set_scale(gesture.number("scale"))
    return {"scale": gesture.desk.limits.scale}


async def clock(gesture: Gesture) -> Answer:
    """Run the clock `scale` times as fast: `{scale}`, above 0."""
    scale = gesture.number("scale")
    if scale <= 0:
        raise HandError("invalid_arguments", "'scale' must be above 0: 10 is ten times as fast.")
    gesture.desk.clock.set_scale(scale)
    return {"scale": scale}


async def bot(gesture: Gesture) -> Answer:
    """Say where the world sends its webhooks: `{url}`, on loopback; an empty one means nowhere."""
    url = gesture.text("url")
    if url and not _is_loopback(url):
        raise HandError(
            "invalid_arguments", "'url' must be an http address on 127.0.0.1, localhost or [::1]."
        )
    gesture.desk.world.courier.address(url or None)
    return {"url": gesture.desk.world.courier.bot_url}


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
        loopback = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
    return loopback and parts.scheme in ("http", "https") and port != 0


def _order_calls(gesture: Gesture) -> None:
    ordered, body = gesture.desk.faults, gesture.body
    if body.get("clear"):
        ordered.clear()
        gesture.desk.sockets.mute("")
    if body.get("rate_limit"):
        fault = _read_call(body["rate_limit"])
        fault.retry_after = int(body["rate_limit"].get("retry_after", 1))
        ordered.calls.append(fault)
    if body.get("fail"):
        fault = _read_call(body["fail"])
        if fault.error is None and fault.status is None:
            fault.status = 500
        ordered.calls.append(fault)


def _read_call(order: Any) -> CallFault:
    if not isinstance(order, dict) or not isinstance(order.get("method"), str):
        raise HandError(
            "invalid_arguments", "A failing call needs {method, …}: name the method, or '*' for all."
        )
    times, status = order.get("times", 1), order.get("status")
    if not isinstance(times, int) or not isinstance(status, int | None):
        raise HandError(
            "invalid_arguments", "'times' and 'status' must be whole numbers ('times' 0: until cleared)."
        )
    return CallFault(
        method=order["method"],
        error=order.get("error"),
        status=status,
        times=times,
        after=bool(order.get("after", False)),
        endless=times == 0,
    )


def _order_kept(gesture: Gesture) -> None:
    ordered, body = gesture.desk.faults, gesture.body
    if "refuse_connections_s" in body:
        seconds = gesture.number("refuse_connections_s")
        ordered.refuse_connections_until = gesture.desk.clock.now() + seconds
    if "duplicate_next" in body:
        wanted = body["duplicate_next"]
        ordered.duplicate_next = (
            int(wanted) if isinstance(wanted, bool) else int(gesture.number("duplicate_next"))
        )
    if "handshake_delay_ms" in body:
        ordered.handshake_delay_ms = gesture.number("handshake_delay_ms")
    if "api_latency_ms" in body:
        ordered.api_latency_ms = gesture.number("api_latency_ms")


def _order_sockets(gesture: Gesture) -> None:
    desk, body = gesture.desk, gesture.body
    if "mute" in body:
        desk.sockets.mute(_read_mute(body["mute"]))
    if body.get("refresh"):
        desk.spawn(desk.sockets.refresh(at_once=body["refresh"] == "all"))
    if body.get("revoke"):
        desk.faults.revoked = True
        desk.spawn(desk.sockets.disable())
    if body.get("drop_sockets"):
        desk.sockets.drop()


def _read_mute(wanted: Any) -> Mute:
    if wanted is True or wanted == "all":
        return "all"
    if wanted == "events":
        return "events"
    if wanted in (False, None, ""):
        return ""
    raise HandError("invalid_arguments", "'mute' must be true, 'all', 'events' or false.")
