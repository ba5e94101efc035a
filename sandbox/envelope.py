"""The frames that the sandbox sends over Socket Mode."""

import json
from typing import Any

from sandbox.identity import APP_ID

CONNECTION_SECONDS = 18_060


def hello(connections: int) -> str:
    """Return the first frame of a connection."""
    debug_info = {"host": "sandbox", "build_number": 1, "approximate_connection_time": CONNECTION_SECONDS}
    return json.dumps(
        {
            "type": "hello",
            "num_connections": connections,
            "debug_info": debug_info,
            "connection_info": {"app_id": APP_ID},
        }
    )


def goodbye(reason: str, connections: int) -> str:
    """Return a disconnect frame: `warning`, `refresh_requested`, `too_many_websockets` or `link_disabled`."""
    return json.dumps(
        {
            "type": "disconnect",
            "reason": reason,
            "debug_info": {"host": "sandbox"},
            "num_connections": connections,
            "connection_info": {"app_id": APP_ID},
        }
    )


def wrap(envelope_id: str, type_: str, payload: dict[str, Any], accepts: bool, retry: int | None) -> str:
    """Return an envelope; `retry` is the number of the attempt for events (0 is the first), else None."""
    envelope: dict[str, Any] = {
        "envelope_id": envelope_id,
        "type": type_,
        "payload": payload,
        "accepts_response_payload": accepts,
    }
    if retry is not None:
        envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
    return json.dumps(envelope)
