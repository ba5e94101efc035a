"""The verbs of a workflow, and those that act on one from outside."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar, TypeVarTuple

from dbos import DBOS, SetWorkflowID
from dbos import error as dbos_error
from sqlalchemy.ext.asyncio import AsyncSession

from workflows.engine.failure import (
    RecordedError,
    StepError,
    UnknownWorkflowError,
    WorkflowCancelledError,
    WorkflowError,
)
from workflows.engine.process import current, sender
from workflows.engine.serial import plain

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound=RecordedError)
Ts = TypeVarTuple("Ts")
log = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 60.0


class State(StrEnum):
    """Of a workflow. RUNNING covers waiting, and being left behind by a process that died."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATES = {
    "PENDING": State.RUNNING,
    "ENQUEUED": State.RUNNING,
    "DELAYED": State.RUNNING,
    "SUCCESS": State.DONE,
    "ERROR": State.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": State.FAILED,
    "CANCELLED": State.CANCELLED,
}


@dataclass(frozen=True)
class Status:
    """`result` is JSON and set when done; `error` ("Kind: message") when failed."""

    workflow_id: str
    name: str
    state: State
    result: Any
    error: str | None


@dataclass(frozen=True)
class Workflow(Generic[P, R]):
    """A registered workflow, for `start` and `run`. `body` is the function itself."""

    name: str
    body: Callable[P, Awaitable[R]]
    registered: Callable[P, Coroutine[Any, Any, R]]


def workflow(name: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Workflow[P, R]]:
    """Register an async function under a name that must never change while one of its kind waits.

    Arguments and result are JSON. Between verbs it must be deterministic: no clock, chance or outside call.
    """

    def register(body: Callable[P, Coroutine[Any, Any, R]]) -> Workflow[P, R]:
        @wraps(body)
        async def report(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return plain(await body(*args, **kwargs))
            except Exception:
                log.exception("workflow %s (%s) failed", DBOS.workflow_id, name)
                raise

        # No limit to recoveries: each restart of the bot is one for every workflow that waits.
        registered = DBOS.workflow(name=name, max_recovery_attempts=None)(report)
        return Workflow(name, body, registered)

    return register


async def start(workflow: Workflow[P, R], workflow_id: str, *args: P.args, **kwargs: P.kwargs) -> None:
    """Start a workflow; return once it is durable. A second start of the same id does nothing."""
    current()
    with SetWorkflowID(workflow_id):
        await DBOS.start_workflow_async(workflow.registered, *args, **kwargs)


async def run(workflow: Workflow[P, R], workflow_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
    """Start a workflow, or join the one with this id, and await its result.

    Raises WorkflowError or WorkflowCancelledError.
    """
    current()
    with SetWorkflowID(workflow_id):
        handle = await DBOS.start_workflow_async(workflow.registered, *args, **kwargs)
    try:
        return await handle.get_result()
    except dbos_error.DBOSAwaitedWorkflowCancelledError as error:
        raise WorkflowCancelledError(workflow_id) from error
    except Exception as error:
        raise _recorded(WorkflowError, error) from error


async def step(
    name: str,
    call: Callable[[*Ts], Awaitable[R]],
    *args: *Ts,
    retries: int = 0,
    pause: float = 1.0,
    longest: float = LONGEST_PAUSE_SECONDS,
    only: tuple[type[Exception], ...] = (Exception,),
) -> R:
    """Call the outside world and record the result (JSON). At least once: what a crash cuts is repeated.

    Pass `idempotency_key(name)` to whatever can use one. `retries` further attempts follow an error of the
    kinds `only`, after `pause` seconds and then twice as long each time, up to `longest`. Raises StepError.
    """

    async def attempt() -> R:
        for turn in range(retries):
            try:
                return plain(await call(*args))
            except only as error:
                log.info("step %s of %s failed and is repeated: %r", name, DBOS.workflow_id, error)
            await asyncio.sleep(min(pause * 2 ** min(turn, 32), longest))
        return plain(await call(*args))

    workflow_id()
    async with current().admission():
        with _Recorded():
            return await DBOS.run_step_async({"name": name}, attempt)


async def transaction(name: str, body: Callable[[AsyncSession, *Ts], Awaitable[R]], *args: *Ts) -> R:
    """Run `body(session, *args)` in one READ COMMITTED transaction; effects and JSON result commit together.

    Exactly once: the body may run again (a deadlock, a database that was away) but commits once. It must not
    commit itself nor call outside. Raises StepError.
    """
    engine = current()
    workflow_id()

    async def commit() -> R:
        return plain(await body(engine.datasource.sql_session(), *args))

    async with engine.admission():
        with _Recorded():
            return await engine.datasource.run_tx_step_async(
                {"name": name, "isolation_level": "READ COMMITTED"}, commit
            )


async def wait(topic: str, timeout: float) -> Any:
    """The next message on `topic` (JSON), waited for through restarts; None after `timeout` seconds."""
    workflow_id()
    return await DBOS.recv_async(topic, timeout_seconds=timeout)


async def sleep(seconds: float) -> None:
    """Sleep through restarts. The end is fixed when it begins."""
    workflow_id()
    await DBOS.sleep_async(seconds)


async def patch(name: str) -> bool:
    """True if this workflow had not come this far when the change `name` was deployed: go the new way."""
    workflow_id()
    return await DBOS.patch_async(name)


async def send(
    session: AsyncSession, workflow_id: str, message: Any, topic: str, idempotency_key: str
) -> None:
    """Send JSON to a workflow within the caller's transaction: it wakes if and only if that commits.

    A second message with the same key to the same workflow is dropped. Raises UnknownWorkflowError, and the
    transaction is then lost.
    """
    client = sender()
    try:
        await session.run_sync(
            client.send_in_transaction, workflow_id, message, topic=topic, idempotency_key=idempotency_key
        )
    except dbos_error.DBOSNonExistentWorkflowError as error:
        raise UnknownWorkflowError(workflow_id) from error


async def cancel(workflow_id: str) -> None:
    """Stop a workflow before its next verb, or where it waits; nothing is undone. One that ended stays so."""
    engine = current()
    await DBOS.cancel_workflow_async(workflow_id)
    engine.nudge(workflow_id)


async def status(workflow_id: str) -> Status:
    """Where a workflow stands. Raises UnknownWorkflowError."""
    current()
    found = await DBOS.get_workflow_status_async(workflow_id)
    if found is None:
        raise UnknownWorkflowError(workflow_id)
    error = None if found.error is None else str(_recorded(WorkflowError, found.error))
    return Status(workflow_id, found.name, STATES[found.status], found.output, error)


def workflow_id() -> str:
    """The id of the workflow that is running. Raises RuntimeError outside one."""
    found = DBOS.workflow_id
    if found is None:
        raise RuntimeError("this verb belongs inside a workflow")
    return str(found)


def idempotency_key(step: str) -> str:
    """`<workflow id>:<step>`: the same for every repetition of that step."""
    return f"{workflow_id()}:{step}"


class _Recorded:
    """Raises a step's error as a replay will, so that the workflow sees the same on its first run."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, StepError | dbos_error.DBOSException):
            raise _recorded(StepError, error) from error


def _recorded(kind: type[E], error: Exception) -> E:
    if isinstance(error, RecordedError):
        return kind(error.kind, error.message)
    return kind(type(error).__name__, str(error))
