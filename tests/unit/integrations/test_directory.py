"""Roles as the configuration gives them; groups are looked up, remembered, and never believed when they fail."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from domain.approval import Role
from domain.chat import ChatRefused, ChatUnavailable
from domain.directory import Directory
from integrations.directory import ConfiguredDirectory

ROLES = {
    Role.ENGINEERING_MANAGER: ["U0MANAGER"],
    Role.TECH_LEAD: ["U0LEAD", "S0LEADS"],
    Role.ON_CALL: ["S0ONCALL"],
}


class Groups:
    """User groups that can change and fail; counts how often it was asked."""

    def __init__(self, members: Mapping[str, Sequence[str]]) -> None:
        self.now = dict(members)
        self.error: Exception | None = None
        self.asked: list[str] = []

    async def members(self, group: str) -> Sequence[str]:
        self.asked.append(group)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.now[group]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def groups() -> Groups:
    return Groups({"S0LEADS": ["U0SECOND", "U0LEAD"], "S0ONCALL": ["U0ONCALL"]})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(groups: Groups, clock: Clock) -> Directory:
    return ConfiguredDirectory(ROLES, groups, clock)


async def test_everybody_is_a_developer(directory: Directory) -> None:
    assert await directory.roles_of("U0DEV") == {Role.DEVELOPER}


async def test_a_person_has_the_roles_they_are_named_for(directory: Directory) -> None:
    assert await directory.roles_of("U0LEAD") == {Role.DEVELOPER, Role.TECH_LEAD}
    assert await directory.roles_of("U0MANAGER") == {Role.DEVELOPER, Role.ENGINEERING_MANAGER}


async def test_a_person_has_the_roles_of_their_groups(directory: Directory) -> None:
    assert await directory.roles_of("U0SECOND") == {Role.DEVELOPER, Role.TECH_LEAD}
    assert await directory.roles_of("U0ONCALL") == {Role.DEVELOPER, Role.ON_CALL}


async def test_a_group_is_no_person(directory: Directory) -> None:
    assert await directory.roles_of("S0ONCALL") == {Role.DEVELOPER}


async def test_people_stand_in_a_stable_order_once_each(directory: Directory) -> None:
    assert await directory.people_with(frozenset({Role.TECH_LEAD, Role.ON_CALL})) == (
        "U0ONCALL",
        "U0LEAD",
        "U0SECOND",
    )
    assert await directory.people_with(frozenset({Role.CTO})) == ()


async def test_a_group_is_remembered_for_five_minutes(
    directory: Directory, groups: Groups, clock: Clock
) -> None:
    await directory.roles_of("U0ONCALL")
    groups.now["S0ONCALL"] = ["U0NEXT"]
    clock.seconds = 299
    assert Role.ON_CALL in await directory.roles_of("U0ONCALL")

    clock.seconds = 300
    assert Role.ON_CALL not in await directory.roles_of("U0ONCALL")
    assert Role.ON_CALL in await directory.roles_of("U0NEXT")
    assert groups.asked.count("S0ONCALL") == 2


async def test_many_at_once_ask_for_a_group_once(directory: Directory, groups: Groups) -> None:
    found = await asyncio.gather(*(directory.roles_of("U0ONCALL") for _ in range(20)))

    assert all(Role.ON_CALL in roles for roles in found)
    assert groups.asked.count("S0ONCALL") == 1


@pytest.mark.parametrize(
    "error", [ChatUnavailable("Slack is away."), ChatRefused("missing_scope"), TimeoutError()]
)
async def test_a_failed_lookup_grants_nothing_and_takes_nothing_else_away(
    directory: Directory, groups: Groups, error: Exception
) -> None:
    groups.error = error

    assert await directory.roles_of("U0ONCALL") == {Role.DEVELOPER}
    assert await directory.roles_of("U0LEAD") == {Role.DEVELOPER, Role.TECH_LEAD}


async def test_what_was_known_five_minutes_ago_is_not_believed_when_asking_again_fails(
    directory: Directory, groups: Groups, clock: Clock
) -> None:
    assert Role.ON_CALL in await directory.roles_of("U0ONCALL")
    groups.error = ChatUnavailable("Slack is away.")
    clock.seconds = 301

    assert await directory.roles_of("U0ONCALL") == {Role.DEVELOPER}


async def test_a_failed_lookup_is_tried_again_after_ten_seconds(
    directory: Directory, groups: Groups, clock: Clock
) -> None:
    groups.error = ChatUnavailable("Slack is away.")
    await directory.roles_of("U0ONCALL")
    groups.error = None
    clock.seconds = 9
    assert Role.ON_CALL not in await directory.roles_of("U0ONCALL")

    clock.seconds = 10
    assert Role.ON_CALL in await directory.roles_of("U0ONCALL")
