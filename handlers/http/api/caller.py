"""Who calls the API: a person, by the bearer token that is bound to them; on the sandbox whoever they say they are."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp import web

from handlers.http.api.fault import Fault
from workflows.services import Services

_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@dataclass(frozen=True)
class Gate:
    """Who may come in. `tokens` lead to Slack users; `sandbox`: there is no real Slack; `loopback`: this door is open
    to this machine only. `services` is None until the bot is up.
    """

    tokens: Mapping[str, str]
    sandbox: bool
    loopback: bool
    services: Callable[[], Services | None]


GATE = web.AppKey("gate", Gate)


def open_gate(request: web.Request) -> Services:
    """What the call works with. Raises Fault for a page of another origin, and while the bot starts."""
    gate = request.app[GATE]
    host = request.headers.get("Host", "")
    if gate.loopback and not is_loopback(_hostname(host)):
        raise Fault(
            403, "foreign_host", "This door answers to 127.0.0.1 and localhost only: call it by that."
        )
    origin = request.headers.get("Origin")
    cross = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if cross or (origin is not None and urlsplit(origin).netloc != host):
        raise Fault(
            403, "foreign_origin", "This door answers no pages of other origins: call it from a program."
        )
    services = gate.services()
    if services is None:
        raise Fault(503, "starting", "Quarterdeck is starting: call again in a moment.")
    return services


def authenticate(request: web.Request) -> str | None:
    """The person whose bearer token came; None where the call itself may say who makes it. Raises Fault (401)."""
    gate = request.app[GATE]
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if given and scheme.lower() == "bearer":
        person = _find_person(gate.tokens, given.strip())
        if person is None:
            raise Fault(
                401, "unknown_token", "This token is not known here: QD_API_TOKEN lists those that are."
            )
        return person
    if gate.tokens:
        raise Fault(401, "token_missing", "Send your token: Authorization: Bearer <token>.")
    if not gate.sandbox:
        raise Fault(
            401, "token_missing", "No token is set here: set QD_API_TOKEN to <token>:<your Slack member id>."
        )
    if not is_loopback(request.remote) or any(name in request.headers for name in _FORWARDED):
        raise Fault(401, "token_missing", "From another machine a token is needed: set QD_API_TOKEN.")
    return None


def read_person(claimed: object) -> str:
    """The person that a call on the sandbox says it is. Raises Fault (401)."""
    if isinstance(claimed, str) and _PERSON.fullmatch(claimed):
        return claimed
    sentence = (
        "Say who you are: `user` in the body or the address, such as U0LEAD, or send a token (QD_API_TOKEN)."
    )
    raise Fault(401, "user_missing", sentence)


def is_loopback(host: str | None) -> bool:
    """Whether an address or `localhost` is this machine."""
    if host == "localhost":
        return True
    try:
        found = ip_address(host or "")
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _find_person(tokens: Mapping[str, str], given: str) -> str | None:
    """All are compared, each in the same time, whatever was given."""
    found, digest = None, _digest(given)
    for token, person in tokens.items():
        if hmac.compare_digest(_digest(token), digest):
            found = person
    return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
