import re
from dataclasses import fields
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from domain.task import TaskState
from workflows.measures import create, set_tasks

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"

PROMISED = {
    *("commands_total", "ack_seconds_count", "slack_calls_total", "card_delivery_backlog", "engine_up"),
    *("slack_sockets", "background_restarts_total", "duplicate_events_total", "reconciled_messages_total"),
}


def test_each_process_counts_for_itself() -> None:
    first, second = create(), create()
    first.duplicates.inc()

    assert first.registry.get_sample_value("duplicate_events_total") == 1
    assert second.registry.get_sample_value("duplicate_events_total") == 0


def test_what_operators_rely_on_can_be_read() -> None:
    measures = create()
    measures.commands.labels("status", "answered").inc()
    measures.ack_seconds.labels("slash_commands").observe(0.02)
    measures.slack_calls.labels("chat.postMessage", "ok").inc()
    measures.restarts.labels("delivery").inc()

    families = list(text_string_to_metric_families(generate_latest(measures.registry).decode()))
    samples = {sample.name: sample for family in families for sample in family.samples}

    assert set(samples) >= PROMISED
    assert samples["commands_total"].labels == {"command": "status", "outcome": "answered"}
    assert samples["slack_calls_total"].labels == {"method": "chat.postMessage", "outcome": "ok"}
    assert all(family.documentation for family in families)


def test_every_measure_is_registered() -> None:
    measures = create()
    collectors = {each.name for each in fields(measures)} - {"registry"}

    assert len(list(measures.registry.collect())) == len(collectors)


def test_the_page_has_a_row_for_every_measure() -> None:
    table = PAGE.read_text("utf-8").split("| Name | Labels | Counts |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    named = {name.removesuffix("_total") for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    assert named == {family.name for family in create().registry.collect()}


def test_what_has_not_happened_yet_is_shown_as_nothing() -> None:
    registry = create().registry

    assert registry.get_sample_value("approval_requests_total", {"risk_level": "critical"}) == 0
    decided = {"risk_level": "low", "decision": "rejected"}
    assert registry.get_sample_value("approval_decisions_total", decided) == 0
    assert registry.get_sample_value("tasks", {"state": "running"}) == 0
    assert registry.get_sample_value("tasks", {"state": "done"}) is None


def test_a_state_that_nobody_is_in_any_more_goes_back_to_nothing() -> None:
    measures = create()
    set_tasks(measures, {TaskState.RUNNING: 3})
    set_tasks(measures, {TaskState.PLANNING: 1})

    assert measures.registry.get_sample_value("tasks", {"state": "running"}) == 0
    assert measures.registry.get_sample_value("tasks", {"state": "planning"}) == 1
