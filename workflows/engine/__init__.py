"""The durable engine: workflows that survive the process, thin over DBOS.

A workflow is an async function of JSON arguments that calls the verbs below. Each verb is recorded in
Postgres once it has happened. After a crash the function runs again from its beginning: verbs that were
recorded give back what they gave the first time, and it goes on where it was. docs/decisions/0002 says why.
"""

from workflows.engine.failure import (
    NotLaunchedError,
    RecordedError,
    StepError,
    UnknownWorkflowError,
    WorkflowCancelledError,
    WorkflowError,
)
from workflows.engine.process import Config, Engine, Health, attach, bind, launch, services
from workflows.engine.workflow import (
    State,
    Status,
    Workflow,
    cancel,
    idempotency_key,
    patch,
    run,
    send,
    sleep,
    start,
    status,
    step,
    transaction,
    wait,
    workflow,
    workflow_id,
)

__all__ = [
    "Config",
    "Engine",
    "Health",
    "NotLaunchedError",
    "RecordedError",
    "State",
    "Status",
    "StepError",
    "UnknownWorkflowError",
    "Workflow",
    "WorkflowCancelledError",
    "WorkflowError",
    "attach",
    "bind",
    "cancel",
    "idempotency_key",
    "launch",
    "patch",
    "run",
    "send",
    "services",
    "sleep",
    "start",
    "status",
    "step",
    "transaction",
    "wait",
    "workflow",
    "workflow_id",
]
