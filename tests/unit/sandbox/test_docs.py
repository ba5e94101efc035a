"""docs/sandbox.md names every act, fault and method, and none that is not there."""

import re
from pathlib import Path

from sandbox.hand.screw import KNOWN_FAULTS
from sandbox.hand.table import ACTS
from sandbox.hand.world_door import WORLD_ACTS
from sandbox.web_api.known import KNOWN_METHODS
from sandbox.web_api.table import METHODS
from sandbox.world.deployer_api import TOKEN, WRITES
from sandbox.world.fault import MODES
from sandbox.world.monitor import SEVERITIES

TEXT = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")
WORDS = set(re.findall(r"`([a-z_]+)(?:`|[:.,])", TEXT))


def test_every_act_and_fault_is_described() -> None:
    assert set(ACTS) - WORDS == set()
    assert set() == KNOWN_FAULTS - WORDS


def test_the_world_is_described() -> None:
    assert set(WORLD_ACTS) - WORDS == set()
    assert {*MODES, *SEVERITIES} - WORDS == set()
    assert [f"{method} /{path}" for method, path, _ in WRITES if f"{method} /{path}" not in TEXT] == []
    assert f"Bearer {TOKEN}" in TEXT


def test_the_methods_are_exactly_those_of_the_table() -> None:
    named = {word for word in re.findall(r"`([A-Za-z.]+)`", TEXT) if word in KNOWN_METHODS}
    assert named == set(METHODS)
