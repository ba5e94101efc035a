"""What the packaged configuration says, for tests without a bot process."""

from collections.abc import Sequence

from agents.planner import RulesPlanner
from bot import catalogue, configuration, policy
from bot.wiring import House
from integrations.directory import ConfiguredDirectory
from integrations.http_action import HttpActions


class NoGroups:
    """A workspace without user groups."""

    async def members(self, group: str) -> Sequence[str]:
        return ()


def packaged_house(**names: str) -> House:
    """The packaged catalogue, policy and people of the sandbox; `names` are the values of `${NAME}`."""
    actions = catalogue.load()
    people = configuration.load(sandbox=True)
    return House(
        catalogue=actions,
        policy=policy.load(),
        planner=RulesPlanner(actions),
        directory=ConfiguredDirectory(people.roles, NoGroups()),
        runner=HttpActions(names),
    )
