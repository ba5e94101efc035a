"""The planner over the packaged catalogue."""

import pytest

from agents.planner import RulesPlanner
from bot.catalogue import load
from domain.action import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="session")
def planner(catalogue: Catalogue) -> RulesPlanner:
    return RulesPlanner(catalogue)
