"""Who has which role: a port. The configuration and Slack's user groups stand behind it."""

from collections.abc import Sequence
from typing import Protocol

from domain.approval import Role


class Directory(Protocol):
    """Roles are asked for at the moment of a decision, never taken from a click."""

    async def roles_of(self, person: str) -> frozenset[Role]:
        """The roles of a Slack user, DEVELOPER always among them."""
        ...

    async def people_with(self, roles: frozenset[Role]) -> Sequence[str]:
        """Slack users who have one of these roles, in a stable order."""
        ...
