"""Events API: what the bot is told, wrapped as Slack wraps it, and told again until it is acknowledged."""

import time
from typing import Any

from sandbox.desk import Desk
from sandbox.identity import APP_ID, BOT_USER_ID, TEAM_ID, VERIFICATION_TOKEN
from sandbox.socket_mode import ACK_SECONDS, AckTimeoutError, NoSocketError
from sandbox.workspace import Channel

RETRY_WAITS = (0.0, 60.0, 300.0)
IN_FLIGHT = 20_000
_MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}

Event = dict[str, Any]


def announce(desk: Desk, event: Event, channel: Channel | None = None) -> None:
    """Send an event to the bot if the manifest subscribes to it and the bot is a member of `channel`."""
    name = event["type"]
    if name == "message" and channel is not None:
        name = _MESSAGE_EVENTS[channel.kind]
    if name not in desk.manifest.events:
        return
    if channel is not None and BOT_USER_ID not in channel.members:
        return
    if len(desk.tasks) >= IN_FLIGHT:
        desk.log.warn_aloud(
            "envelope", f"More than {IN_FLIGHT} events are unacknowledged: this {name} is lost.", type=name
        )
        return
    desk.spawn(_tell(desk, _wrap(desk, event, channel)))


def _wrap(desk: Desk, event: Event, channel: Channel | None) -> dict[str, Any]:
    event_id = desk.ids.make("Ev")
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}-{'' if channel is None else channel.id}",
    }


async def _tell(desk: Desk, payload: dict[str, Any]) -> None:
    for retry, wait in enumerate((0.0, *RETRY_WAITS)):
        await desk.clock.sleep(wait)
        try:
            await desk.sockets.deliver("events_api", payload, accepts=False, retry=retry)
        except AckTimeoutError:
            continue
        except NoSocketError:
            await desk.clock.sleep(ACK_SECONDS)
            continue
        return
    name = payload["event"]["type"]
    desk.log.warn_aloud(
        "envelope",
        f"The {name} event {payload['event_id']} was never acknowledged: given up.",
        outcome="lost",
    )
