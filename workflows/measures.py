"""What we count and time, for Prometheus.

What belongs to a transaction is counted after its commit (`storage.database.after_commit`), so that one that is tried
again is counted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.approval import Level
from domain.task import TaskState

_PATIENT = (1, 5, 15, 60, 300, 900, 1800, 3600, 5400, 7200)
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)


@dataclass(frozen=True)
class Measures:
    """One set of metrics; each process makes its own with `create`."""

    registry: CollectorRegistry
    commands: Counter
    ack_seconds: Histogram
    duplicates: Counter
    slack_calls: Counter
    slack_call_seconds: Histogram
    deliveries: Counter
    delivery_seconds: Histogram
    delivery_backlog: Gauge
    workflow_starts: Counter
    workflow_start_seconds: Histogram
    approval_requests: Counter
    approval_decisions: Counter
    approval_wait_seconds: Histogram
    approval_expirations: Counter
    step_seconds: Histogram
    step_outcomes: Counter
    tasks: Gauge
    engine_pending: Gauge
    engine_up: Gauge
    sockets: Gauge
    socket_resets: Counter
    reconciled: Counter
    restarts: Counter


def create() -> Measures:
    """A fresh set of metrics in a registry of its own."""
    registry = CollectorRegistry(auto_describe=True)
    measures = Measures(
        registry=registry,
        commands=Counter("commands_total", "Commands read", ["command", "outcome"], registry=registry),
        ack_seconds=Histogram(
            "ack_seconds", "From an envelope's arrival to its ack", ["kind"], buckets=_FAST, registry=registry
        ),
        duplicates=Counter("duplicate_events_total", "Events that had come before", registry=registry),
        slack_calls=Counter("slack_calls_total", "Slack calls", ["method", "outcome"], registry=registry),
        slack_call_seconds=Histogram(
            "slack_call_seconds", "Duration of Slack calls", ["method"], buckets=_FAST, registry=registry
        ),
        deliveries=Counter("card_deliveries_total", "Cards shown", ["kind", "outcome"], registry=registry),
        delivery_seconds=Histogram(
            "card_delivery_seconds", "From a wanted content to its display", registry=registry
        ),
        delivery_backlog=Gauge("card_delivery_backlog", "Cards not shown as wanted", registry=registry),
        workflow_starts=Counter(
            "workflow_starts_total", "Workflow starts", ["workflow", "outcome"], registry=registry
        ),
        workflow_start_seconds=Histogram(
            "workflow_start_seconds", "Duration of a workflow's start", ["workflow"], registry=registry
        ),
        **_of_tasks(registry),
        engine_pending=Gauge("engine_pending_workflows", "Workflows that have not ended", registry=registry),
        engine_up=Gauge("engine_up", "Whether the durable engine runs", registry=registry),
        sockets=Gauge("slack_sockets", "Socket Mode connections that stand", registry=registry),
        socket_resets=Counter(
            "slack_socket_resets_total", "Sockets that we gave up", ["reason"], registry=registry
        ),
        reconciled=Counter(
            "reconciled_messages_total", "Missed messages found in history", registry=registry
        ),
        restarts=Counter("background_restarts_total", "Failed background tasks", ["task"], registry=registry),
    )
    _begin_at_zero(measures)
    return measures


def _begin_at_zero(measures: Measures) -> None:
    """Show what has not happened yet as 0: a rate over a series that begins with 1 would miss the first."""
    for level in Level:
        measures.approval_requests.labels(level.value)
        measures.approval_wait_seconds.labels(level.value)
        measures.approval_expirations.labels(level.value)
        for decision in ("approved", "rejected"):
            measures.approval_decisions.labels(level.value, decision)
    set_tasks(measures, {})


def set_tasks(measures: Measures, counts: Mapping[str, int]) -> None:
    """How many tasks stand in each state that is no end."""
    for state in TaskState:
        if not state.ended:
            measures.tasks.labels(state.value).set(counts.get(state.value, 0))


def _of_tasks(registry: CollectorRegistry) -> dict[str, Any]:
    """Approvals, steps and tasks."""
    return {
        "approval_requests": Counter(
            "approval_requests_total", "Approvals asked for", ["risk_level"], registry=registry
        ),
        "approval_decisions": Counter(
            "approval_decisions_total", "Decisions", ["risk_level", "decision"], registry=registry
        ),
        "approval_wait_seconds": Histogram(
            "approval_wait_seconds",
            "From the request to the decision that ended it",
            ["risk_level"],
            buckets=_PATIENT,
            registry=registry,
        ),
        "approval_expirations": Counter(
            "approval_expirations_total",
            "Approvals that nobody decided in time",
            ["risk_level"],
            registry=registry,
        ),
        "step_seconds": Histogram("step_seconds", "Duration of a step's call", ["action"], registry=registry),
        "step_outcomes": Counter(
            "step_outcomes_total", "What steps came to", ["action", "outcome"], registry=registry
        ),
        "tasks": Gauge("tasks", "Tasks that have not ended", ["state"], registry=registry),
    }
