"""The world keeps no more than it can carry, and its numbers grow also over a restart."""

from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.feed import Feed
from sandbox.log import Log
from sandbox.world import courier, fault, ledger, service
from sandbox.world.fault import DeployerFaults
from sandbox.world.repository import Repository, Serial
from sandbox.world.service import WorldError
from sandbox.world.state import World

WHERE = {"service": "checkout", "environment": "production"}


def build(bot_url: str | None = None) -> World:
    return World(Clock(), Log(), Feed(), bot_url)


def test_history_keys_and_migrations_are_bounded() -> None:
    world = build()
    for number in range(ledger.CALLS_KEPT + 10):
        world.deployer.obey("deploy", {**WHERE, "version": f"v{number}"}, f"k{number}")
        world.deployer.act("migrate", {**WHERE, "name": f"m{number}"}, f"m{number}")
    found = world.services.get("checkout")
    assert len(found.history) == len(found.migrations) == service.HISTORY_KEPT
    calls = world.describe()["calls"]
    assert (len(calls), calls[-1]["idempotency_key"]) == (ledger.CALLS_KEPT, f"k{ledger.CALLS_KEPT + 9}")


def test_a_bot_that_never_takes_them_leaves_the_newest_webhooks() -> None:
    world = build("http://127.0.0.1:9")
    for number in range(courier.ROOM + 10):
        world.deploy({**WHERE, "version": f"v{number}"})
    assert world.courier.backlog == courier.ROOM
    dropped = [entry for entry in world.log.entries() if entry["outcome"] == "dropped"]
    assert len(dropped) == courier.ROOM + 20


def test_faults_that_are_never_used_up_end_somewhere() -> None:
    faults = DeployerFaults()
    for _ in range(fault.MOST_FAULTS):
        faults.order({"mode": "error"})
    with pytest.raises(WorldError, match="clear"):
        faults.order({"mode": "error"})
    faults.order({"clear": True, "mode": "late"})
    assert [each["mode"] for each in faults.describe()] == ["late"]


def test_a_repeat_after_the_world_moved_on_still_gets_the_first_answer() -> None:
    world = build()
    first = world.deployer.obey("roll_back", dict(WHERE), "T-1:1")
    world.deployer.obey("delete", dict(WHERE), "T-2:1")
    assert world.deployer.obey("roll_back", dict(WHERE), "T-1:1") == first


def test_what_could_not_be_done_may_be_tried_again_under_its_key() -> None:
    world = build()
    order: dict[str, Any] = {"service": "search", "environment": "staging"}
    with pytest.raises(WorldError, match="no search in staging"):
        world.deployer.obey("restart", order, "T-1:1")
    world.deploy({**order, "version": "v10"})
    assert world.deployer.obey("restart", order, "T-1:1")["restarts"] == 1
    [call] = world.describe()["calls"]
    assert (call["requests"], call["effects"]) == (2, 1)


def test_values_that_templates_fill_in_are_understood() -> None:
    world = build()
    assert world.deployer.obey("scale", {**WHERE, "replicas": "5"}, "k1")["replicas"] == 5
    assert world.deployer.obey("roll_back", {**WHERE, "version": ""}, "k2")["version"] == "v41"
    assert (
        world.deployer.obey("migrate", {**WHERE, "migration": "0042_add_index"}, "k3")["name"]
        == "0042_add_index"
    )


def test_numbers_of_a_later_sandbox_are_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr("sandbox.world.repository.time.time", lambda: clock[0])
    earlier = Serial()
    numbers = [earlier.next() for _ in range(3)]
    clock[0] -= 3600  # the clock of the machine is set back
    numbers.append(earlier.next())
    clock[0] += 3700
    numbers.append(Serial().next())
    assert numbers == sorted(set(numbers))


def test_a_version_keeps_its_commit_and_a_new_one_takes_what_was_merged() -> None:
    repository = Repository("checkout")
    assert repository.commit_of("v43") == repository.commit_of("v43") != repository.commit_of("v44")
    merged = repository.merge(repository.open_change(1, "Round up", "dev"))
    assert repository.commit_of("v43") != merged
    assert repository.commit_of("v45") == merged
    assert repository.commit_of("v46") != merged
