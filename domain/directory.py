"""Who has which role: a port. The configuration and Slack's user groups stand behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.approval import Role


@dataclass(frozen=True)
class Team:
    """People who answer for services. `members` are Slack users (`U…`, `W…`) and user groups (`S…`)."""

    name: str
    members: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True)
class Service:
    """Something that is deployed, by the name that people say; `team` is the name of the one that answers for it."""

    name: str
    team: str | None = None


class UserGroups(Protocol):
    """Who is in a Slack user group."""

    async def members(self, group: str) -> Sequence[str]:
        """Slack users in the group `S…` now. Raises ChatError where that cannot be learned."""
        ...


class Directory(Protocol):
    """Roles are asked for at the moment of a decision, never taken from a click."""

    async def roles_of(self, person: str) -> frozenset[Role]:
        """The roles of a Slack user, DEVELOPER always among them."""
        ...

    async def people_with(self, roles: frozenset[Role]) -> Sequence[str]:
        """Slack users who have one of these roles, in a stable order."""
        ...
