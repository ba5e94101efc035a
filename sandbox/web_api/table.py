"""Every emulated method: its handler, the scopes of which one is needed, its tier. One line each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.identity import APP_TOKEN, BOT_TOKEN
from sandbox.limits import Tier
from sandbox.web_api import app, chat, conversation, membership, reaction, user, view
from sandbox.web_api.call import Call

Handler = Callable[[Call], dict[str, Any]]


_INVITE = ("channels:write.invites", "groups:write.invites")


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
    "blocks.validate": Method(view.validate_blocks, (), Tier.T3),
    "bots.info": Method(app.bots_info, ("users:read",), Tier.T3),
    "chat.delete": Method(chat.delete_message, ("chat:write",), Tier.T3),
    "chat.getPermalink": Method(chat.get_permalink, (), Tier.FREE),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",), Tier.T4),
    "chat.postMessage": Method(chat.post_message, ("chat:write",), Tier.POST, per_channel=True),
    "chat.update": Method(chat.update, ("chat:write",), Tier.T3),
    "conversations.create": Method(membership.create, (), Tier.T2),
    "conversations.history": Method(conversation.history, (), Tier.T3),
    "conversations.info": Method(conversation.info, (), Tier.T3),
    "conversations.invite": Method(membership.invite, ("channels:manage", "groups:write", *_INVITE), Tier.T3),
    "conversations.join": Method(membership.join_channel, ("channels:join",), Tier.T3),
    "conversations.leave": Method(membership.leave_channel, ("channels:manage", "groups:write"), Tier.T3),
    "conversations.list": Method(conversation.list_all, (), Tier.T2),
    "conversations.members": Method(conversation.members, (), Tier.T4),
    "conversations.open": Method(membership.open_direct, ("im:write", "mpim:write"), Tier.T3),
    "conversations.replies": Method(conversation.replies, (), Tier.T3),
    "reactions.add": Method(reaction.add, ("reactions:write",), Tier.T3),
    "reactions.get": Method(reaction.get, ("reactions:read",), Tier.T3),
    "reactions.remove": Method(reaction.remove, ("reactions:write",), Tier.T2),
    "team.info": Method(app.team_info, ("team:read",), Tier.T3),
    "usergroups.list": Method(user.list_groups, ("usergroups:read",), Tier.T2),
    "usergroups.users.list": Method(user.list_group_users, ("usergroups:read",), Tier.T2),
    "users.conversations": Method(conversation.list_joined, (), Tier.T3),
    "users.info": Method(user.info, ("users:read",), Tier.T4),
    "users.list": Method(user.list_all, ("users:read",), Tier.T2),
    "users.lookupByEmail": Method(user.look_up_by_email, ("users:read.email",), Tier.T3),
    "views.open": Method(view.open_view, (), Tier.T4),
    "views.publish": Method(view.publish_view, (), Tier.T4),
    "views.push": Method(view.push_view, (), Tier.T4),
    "views.update": Method(view.update_view, (), Tier.T4),
}
