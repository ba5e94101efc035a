"""The gate before a plan is carried out: assess it, ask for approval where the policy says so, wait, remind, escalate,
expire. `workflows.approval` has the other side, the people who decide.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from blocks.approval import reminder
from domain import decision as rules
from domain.approval import APPROVERS, Approval, ApprovalState, Role
from domain.audit import AuditEntry
from domain.card import CardDraft, Place
from domain.risk import assess, describe, require
from domain.task import Task, TaskState, card_key
from storage import approval as approvals
from storage import audit
from storage import card as cards
from storage import step as steps
from storage import task as tasks
from storage.database import Session, after_commit
from workflows import engine
from workflows.services import Services
from workflows.view import show

PENDING, GRANTED, ENDED = "pending", "granted", "ended"
SHORTEST_WAIT_SECONDS = 0.05


async def ask_for(session: Session, task: Task) -> dict[str, Any]:
    """Assess the plan of a locked task; ask for approval where its level needs one. Returns `{state, wait}`: GRANTED,
    or PENDING with the seconds until something is due.
    """
    services, number = engine.services(Services), task.number
    planned = await steps.list_of(session, number)
    facts = [describe(services.catalogue.actions[step.action], step.arguments) for step in planned]
    assessment = assess(facts, services.policy)
    await tasks.assess(session, number, assessment)
    requirement = require(facts, assessment.level, services.policy)
    if requirement.immediate:
        await tasks.set_state(session, number, TaskState.RUNNING)
        await show(session, number)
        return {"state": GRANTED, "wait": 0}
    made = await approvals.create(
        session,
        task=number,
        requester=task.requester,
        channel=task.channel,
        assessment=assessment,
        facts=facts,
        requirement=requirement,
        digests=[step.digest for step in planned],
    )
    await tasks.set_state(session, number, TaskState.AWAITING_APPROVAL)
    await show(session, number)
    after_commit(session, services.measures.approval_requests.labels(assessment.level.value).inc)
    entry = AuditEntry(
        "approval.requested", "approval", f"A-{made}", "system", task.correlation_id, {"task": task.name}
    )
    await audit.record(session, entry)
    return {"state": PENDING, "wait": await _wait_of(session, made)}


async def _wait_of(session: Session, number: int) -> float:
    """Seconds until the next reminder, escalation or the end of an approval that waits."""
    approval, now = await approvals.find(session, number), datetime.now(UTC)
    assert approval is not None  # noqa: S101 - this transaction holds it
    moments = [rules.next_reminder(approval, now), rules.next_escalation(approval, now), approval.expires_at]
    due = [(each - now).total_seconds() for each in moments if each is not None and each > now]
    return max(min(due, default=0.0), SHORTEST_WAIT_SECONDS)


async def look_up_people() -> None:
    """Have the members of Slack's user groups at hand before a transaction asks for them: none stays open across a call
    to Slack. A replay looks again, which changes nothing.
    """
    await engine.services(Services).directory.people_with(APPROVERS)


async def tend(session: Session, number: int, seen: int = 0) -> dict[str, Any]:
    """What people and time have brought about: decisions, a reminder, an escalation, the end. Returns `{state, wait,
    seen}`: the seconds until the next of these, and how many decisions have been counted, to be passed the next time.
    """
    task = await tasks.find(session, number, lock=True)
    approval = await approvals.find_of_task(session, number, lock=True)
    if task is None or approval is None:
        return {"state": ENDED, "wait": 0, "seen": seen}
    _count(session, approval, seen)
    return {**await _advance(session, task, approval), "seen": len(approval.decisions)}


async def _advance(session: Session, task: Task, approval: Approval) -> dict[str, Any]:
    if task.state.ended:
        return {"state": ENDED, "wait": 0}
    if approval.state is ApprovalState.APPROVED:
        return {"state": GRANTED, "wait": 0}
    if approval.state is not ApprovalState.PENDING:
        return {"state": ENDED, "wait": 0}
    now = datetime.now(UTC)
    if now >= approval.expires_at:
        await _expire(session, task, approval)
        return {"state": ENDED, "wait": 0}
    await _remind(session, task, approval, now)
    return {"state": PENDING, "wait": await _wait_of(session, approval.number)}


async def _expire(session: Session, task: Task, approval: Approval) -> None:
    services = engine.services(Services)
    await approvals.set_state(session, approval.number, ApprovalState.EXPIRED)
    note = "Nobody decided in time, and nothing was done. Send it again if it is still wanted."
    await tasks.end(session, task.number, TaskState.EXPIRED, note)
    await show(session, task.number)
    entry = AuditEntry("approval.expired", "approval", approval.name, "system", task.correlation_id)
    await audit.record(session, entry)
    after_commit(session, services.measures.approval_expirations.labels(approval.level.value).inc)


async def _remind(session: Session, task: Task, approval: Approval, now: datetime) -> None:
    """One escalation and one reminder; where both are due, the escalation says it all."""
    role = rules.escalation(approval, now, await _held(approval))
    if role is not None:
        await approvals.mark_escalated(session, approval.number, role)
        await _say(session, task, approval, "escalation", [role])
        await show(session, task.number)
        return
    due = rules.next_reminder(approval, now)
    if due is not None and now >= due:
        await approvals.mark_reminded(session, approval.number)
        await _say(session, task, approval, "reminder", [])


async def _held(approval: Approval) -> frozenset[Role]:
    """The roles of the people who could still decide: nobody is told who could not."""
    directory = engine.services(Services).directory
    spoken = _heard(approval)
    people = await directory.people_with(approval.requirement.permitted)
    held = [await directory.roles_of(person) for person in people if person not in spoken]
    return frozenset().union(*held)


def _heard(approval: Approval) -> frozenset[str]:
    """Who asked, and who has decided: nothing waits for them."""
    return frozenset({approval.requester, *(each.person for each in approval.decisions)})


async def _say(session: Session, task: Task, approval: Approval, kind: str, roles: list[Role]) -> None:
    """In the task's thread, to the people who can decide."""
    services = engine.services(Services)
    people = await services.directory.people_with(frozenset(roles) or rules.wanted(approval))
    draft = CardDraft(
        key=f"approval:{approval.number}:{kind}",
        place=Place(task.channel, task.thread_ts),
        content=reminder(
            approval, [each for each in people if each not in _heard(approval)], escalated=bool(roles)
        ),
        parent_key=None if task.thread_ts else card_key(task.number),
        urgent=True,
    )
    await cards.show(session, draft)


def _count(session: Session, approval: Approval, seen: int) -> None:
    """Count the decisions that the workflow had not seen, through whichever door and process they came."""
    measures, level = engine.services(Services).measures, approval.level.value
    fresh = approval.decisions[seen:]
    for each in fresh:
        outcome = "approved" if each.approve else "rejected"
        after_commit(session, measures.approval_decisions.labels(level, outcome).inc)
    if fresh and approval.state in {ApprovalState.APPROVED, ApprovalState.REJECTED}:
        waited = max(0.0, (fresh[-1].at - approval.created_at).total_seconds())
        after_commit(session, partial(measures.approval_wait_seconds.labels(level).observe, waited))
