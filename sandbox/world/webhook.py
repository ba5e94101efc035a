"""One webhook on its way to the bot: its body, and the headers that its provider sends and signs it with."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

SECRET = "sandbox"  # noqa: S105 - a fixed word, good against loopback only


@dataclass(frozen=True, slots=True)
class Webhook:
    """What is posted to `<bot>/webhooks/<provider>`. `event` names it in the log."""

    provider: str
    event: str
    body: bytes
    headers: dict[str, str]
    delivery: str


def sign_github(event: str, payload: dict[str, Any]) -> Webhook:
    """Wrap a payload as GitHub sends it: signed with HMAC-SHA256, with an id of its own."""
    delivery, body = str(uuid.uuid4()), _encode(payload)
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={digest}",
    }
    return Webhook("github", event, body, headers, delivery)


def authorize_alertmanager(payload: dict[str, Any]) -> Webhook:
    """Wrap a notification as Alertmanager sends it: with a bearer token, and no id."""
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Content-Type": "application/json",
        "User-Agent": "Alertmanager/sandbox",
    }
    return Webhook("prometheus", str(payload["status"]), _encode(payload), headers, str(uuid.uuid4()))


def _encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()
