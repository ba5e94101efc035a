"""The directory: roles as the configuration gives them, to people and to Slack user groups."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from domain.approval import Role
from domain.chat import ChatError
from domain.directory import UserGroups

CACHE_SECONDS = 300.0
"""For how long the members of a group are remembered."""
FAILURE_SECONDS = 10.0
"""For how long a group that could not be looked up is not asked for again."""

log = logging.getLogger(__name__)


class ConfiguredDirectory:
    """Fulfils `domain.directory.Directory`. A group that cannot be looked up has no members: a role is never granted
    on what is not known now. `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        roles: Mapping[Role, Sequence[str]],
        groups: UserGroups,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roles = {role: tuple(roles[role]) for role in Role if role in roles}
        self._groups = groups
        self._clock = clock
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def roles_of(self, person: str) -> frozenset[Role]:
        held = [role for role, names in self._roles.items() if person in await self._people(names)]
        return frozenset({Role.DEVELOPER, *held})

    async def people_with(self, roles: frozenset[Role]) -> Sequence[str]:
        found = [await self._people(names) for role, names in self._roles.items() if role in roles]
        return tuple(dict.fromkeys(person for people in found for person in people))

    async def _people(self, names: Sequence[str]) -> Sequence[str]:
        """The people behind users and groups, in the order in which they were named."""
        found = [await self._members(name) if name.startswith("S") else (name,) for name in names]
        return [person for people in found for person in people]

    async def _members(self, group: str) -> tuple[str, ...]:
        async with self._asking[group]:
            until, members = self._known.get(group, (float("-inf"), ()))
            if self._clock() >= until:
                seconds, members = await self._look_up(group)
                self._known[group] = (self._clock() + seconds, members)
            return members

    async def _look_up(self, group: str) -> tuple[float, tuple[str, ...]]:
        try:
            return CACHE_SECONDS, tuple(await self._groups.members(group))
        except (ChatError, TimeoutError) as error:
            log.warning(
                "The user group %s cannot be looked up; nobody has a role by it now: %s", group, error
            )
            return FAILURE_SECONDS, ()
