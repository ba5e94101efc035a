from dataclasses import fields

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from workflows.measures import create

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
