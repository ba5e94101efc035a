"""The body of a call: a JSON object, of a bounded size."""

import json
from typing import Any

from aiohttp import web

from handlers.http.api.fault import Fault

MOST_BYTES = 64 * 1024


async def read_object(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises Fault: 415, 413 over 64 KiB, 400."""
    if request.content_type != "application/json":
        # A page of another origin may send plain text without asking first, but not this.
        raise Fault(415, "not_json", "Send JSON with the header Content-Type: application/json.")
    found = _parse(await _read(request))
    if not isinstance(found, dict):
        raise Fault(
            400, "invalid_json", 'The body is not a JSON object: send one, such as {"decision": "approve"}.'
        )
    return found


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(8192):
        body += chunk
        if len(body) > MOST_BYTES:
            raise Fault(413, "too_large", "The body is larger than 64 KiB: send less.")
    return bytes(body)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Fault(400, "invalid_json", "The body is no valid JSON: send an object in UTF-8.") from None
