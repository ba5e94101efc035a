"""Every emulated method: its handler, the scopes of which one is needed, its tier. One line each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.identity import APP_TOKEN, BOT_TOKEN
from sandbox.limits import Tier
from sandbox.web_api import app, chat
from sandbox.web_api.call import Call

Handler = Callable[[Call], dict[str, Any]]


class Identity(Enum):
    """Whose token a method takes."""

    BOT = BOT_TOKEN
    APP = APP_TOKEN
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API."""

    handler: Handler
    scopes: tuple[str, ...] = ()
    tier: Tier = Tier.T3
    identity: Identity = Identity.BOT
    per_channel: bool = False


METHODS: dict[str, Method] = {
    "api.test": Method(app.api_test, tier=Tier.T4, identity=Identity.NOBODY),
    "apps.connections.open": Method(app.open_connection, tier=Tier.T1, identity=Identity.APP),
    "auth.test": Method(app.auth_test, tier=Tier.FREE),
    "bots.info": Method(app.bots_info, ("users:read",), Tier.T3),
    "chat.delete": Method(chat.delete_message, ("chat:write",), Tier.T3),
    "chat.getPermalink": Method(chat.get_permalink, (), Tier.FREE),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",), Tier.T4),
    "chat.postMessage": Method(chat.post_message, ("chat:write",), Tier.POST, per_channel=True),
    "chat.update": Method(chat.update, ("chat:write",), Tier.T3),
    "team.info": Method(app.team_info, ("team:read",), Tier.T3),
}
