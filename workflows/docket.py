"""The docket: approvals as machines read them and decide on them, through HTTP or the command line."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blocks.refusal import describe_requirement, explain
from domain import decision as rules
from domain.approval import APPROVERS, Approval, ApprovalState, Decision, Level, Refusal, Role
from domain.ask import Ask
from domain.card import Place
from domain.errors import NotAllowed, NotFound, QuarterdeckError
from domain.execution import StepRecord, TaskView
from storage import approval as approvals
from storage.database import Session
from workflows import approval
from workflows.services import Deciding
from workflows.view import load

DAYS = 30
LONGEST_REASON = 1_000

Entry = dict[str, Any]
"""An approval as JSON has it; docs/approvals.md names the fields."""


class BadReason(QuarterdeckError):
    """A reason that cannot be kept."""


@dataclass(frozen=True)
class Ruling:
    """What came of a decision, as a sentence. `repeated`: the same request had come before."""

    sentence: str
    refusal: Refusal | None = None
    repeated: bool = False


async def list_in(services: Deciding, person: str, state: ApprovalState) -> list[Entry]:
    """Approvals in a state that this person may see, a hundred at most: those that wait oldest first, those that have
    ended newest first. Approvers see all, everybody their own.
    """
    roles = await _roles_of(services, person)
    async with services.database.unit_of_work() as session:
        if state is ApprovalState.PENDING:
            found = await approvals.list_pending(session)
        else:
            found = await approvals.list_ended(session, state)
        return [await _describe(session, each) for each in found if _may_see(each, person, roles)]


async def get(services: Deciding, person: str, number: int) -> Entry:
    """One approval. Raises NotFound, or NotAllowed where it is not for this person."""
    roles = await _roles_of(services, person)
    async with services.database.unit_of_work() as session:
        found = await approvals.find(session, number)
        if found is None:
            raise NotFound(f"There is no A-{number}.")
        if not _may_see(found, person, roles):
            raise NotAllowed(
                f"A-{number} is shown to whoever asked for it and to people with an approver role."
            )
        return await _describe(session, found)


async def summarize(services: Deciding) -> Entry:
    """The last thirty days, by level: `requested`, how they ended, `median_wait_seconds` (None without decisions)."""
    async with services.database.unit_of_work() as session:
        rows = {row.pop("level"): row for row in await approvals.gather_statistics(session, DAYS)}
    total = rows.pop(None)
    nothing = {name: None if name == "median_wait_seconds" else 0 for name in total}
    levels = {level.value: rows.get(level.value, nothing) for level in Level}
    return {"days": DAYS, "levels": levels, "total": total}


async def rule(
    services: Deciding,
    person: str,
    number: int,
    *,
    approve: bool,
    reason: str | None,
    door: str,
    key: str | None = None,
) -> Ruling:
    """A decision that came through another door than Slack, worth as much as a click. The same request under the same
    `key` counts once; without a key each is one of its own. Raises NotFound, BadReason.
    """
    stated = read_reason(reason)
    now = datetime.now(UTC)
    ask = Ask(_event_key(door, person, number, key, f"{approve}:{stated}"), person, Place(""), "", _id(), now)
    nowhere: dict[str, str | None] = {"team": None, "channel": None, "message_ts": None}
    if await approval.find(services, number) is None:
        raise NotFound(f"There is no A-{number}.")
    made = await approval.decide(
        services, ask, number, approve=approve, reason=stated, where=nowhere, door=door
    )
    if made is None:
        return await _repeat(services, person, number, approve=approve)
    return Ruling(made.sentence, made.refusal)


def read_reason(given: object) -> str | None:
    """A reason as somebody gave it, blank is none. Raises BadReason."""
    if given is None or given == "":
        return None
    if not isinstance(given, str) or len(given) > LONGEST_REASON:
        raise BadReason(f"A reason is a text of at most {LONGEST_REASON} characters: shorten it.")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise BadReason("The reason is no valid text: write it in UTF-8.") from None
    return given.replace("\0", "").strip() or None


async def _repeat(services: Deciding, person: str, number: int, *, approve: bool) -> Ruling:
    """The answer to a request that had come before: what came of it is read from what is kept."""
    found = await approval.find(services, number)
    assert found is not None  # noqa: S101 - approvals are never deleted
    if any(each.person == person and each.approve is approve for each in found.decisions):
        return Ruling(
            f"{found.name} is {found.state.value}; your decision was recorded before.", repeated=True
        )
    voice = await approval.voice_of(services, person)
    refusal = rules.objection(found, voice, datetime.now(UTC)) or Refusal.REASON_MISSING
    return Ruling(explain(refusal, found), refusal, repeated=True)


def _event_key(door: str, person: str, number: int, key: str | None, said: str) -> str:
    if key is None:
        return f"{door}:{secrets.token_hex(16)}"
    parts = "\0".join([person, str(number), key, said])
    return f"{door}:{hashlib.sha256(parts.encode()).hexdigest()}"


def _id() -> str:
    return secrets.token_hex(6)


async def _roles_of(services: Deciding, person: str) -> frozenset[Role]:
    voice = await approval.voice_of(services, person)
    return voice.roles.union(*voice.lent.values())


def _may_see(found: Approval, person: str, roles: frozenset[Role]) -> bool:
    return found.requester == person or bool(roles & APPROVERS)


async def _describe(session: Session, found: Approval) -> Entry:
    view = await load(session, found.task)
    assert view is not None  # noqa: S101 - a foreign key holds it
    return {
        "id": found.name,
        "state": found.state.value,
        "level": found.level.value,
        "score": view.assessment.score if view.assessment else None,
        "reasons": list(found.reasons),
        **_task(view),
        "needs": describe_requirement(found.requirement),
        "reason_required": found.requirement.reason_required,
        "missing": rules.missing(found),
        "decisions": [_decision(each) for each in found.decisions],
        "created_at": _time(found.created_at),
        "expires_at": _time(found.expires_at),
        "reminded_at": _time(found.reminded_at),
        "escalated_to": found.escalated_to.value if found.escalated_to else None,
        "ended_at": _time(found.ended_at),
    }


def _task(view: TaskView) -> Entry:
    task = view.task
    return {
        "task": task.name,
        "task_state": task.state.value,
        "request": task.request,
        "requester": task.requester,
        "channel": task.channel,
        "steps": [_step(each) for each in view.steps],
    }


def _step(step: StepRecord) -> Entry:
    return {
        "number": step.number,
        "action": step.action,
        "arguments": dict(step.arguments),
        "request": dict(step.request),
        "digest": step.digest,
        "state": step.state.value,
    }


def _decision(made: Decision) -> Entry:
    return {
        "person": made.person,
        "role": made.role.value,
        "on_behalf_of": made.on_behalf_of,
        "decision": "approve" if made.approve else "reject",
        "reason": made.reason,
        "at": _time(made.at),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
