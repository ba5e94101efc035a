"""Approvals: asked for when the policy says so, decided by people, reminded of, escalated, expired."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from blocks.approval import reminder
from blocks.notice import notice
from blocks.refusal import explain
from domain import decision as rules
from domain.approval import Approval, ApprovalState, Refusal, Role, Verdict, Voice
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.card import CardDraft, Content, Place
from domain.errors import NotFound
from domain.risk import assess, describe, require
from domain.task import Task, TaskState, card_key
from storage import approval as approvals
from storage import audit, inbox
from storage import card as cards
from storage import step as steps
from storage import task as tasks
from storage.database import Session, after_commit
from workflows import engine
from workflows.digest import combine
from workflows.services import Deciding, Services
from workflows.view import show

CONTROL = "control"
PENDING, GRANTED, ENDED = "pending", "granted", "ended"
SHORTEST_WAIT_SECONDS = 0.05


@dataclass(frozen=True)
class Answer:
    """What to tell the person who decided; `silent` where the card shows it all. `refusal`: why it did not count."""

    silent: bool
    sentence: str
    refusal: Refusal | None = None

    @property
    def content(self) -> Content:
        """As a private message."""
        return notice(self.sentence)


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


async def decide(
    services: Deciding,
    ask: Ask,
    number: int,
    *,
    approve: bool,
    reason: str | None,
    where: dict[str, str | None],
    door: str = "slack",
) -> Answer | None:
    """One person's word on an approval: rule, decision, audit and the workflow's wake-up in one commit. None where the
    same event had come before. `where` is the team, channel and message_ts of the click, `door` through which it came,
    for the audit. Raises NotFound.
    """
    voice = await voice_of(services, ask.person)
    async with services.database.unit_of_work() as session:
        from_task = await approvals.find(session, number)
        if from_task is None:
            raise NotFound(f"There is no A-{number}. `/qd approvals` lists what waits.")
        task = await tasks.find(session, from_task.task, lock=True)
        approval = await approvals.find(session, number, lock=True)
        assert task is not None  # noqa: S101 - a foreign key holds it
        assert approval is not None  # noqa: S101 - it was there a moment ago
        if not await inbox.claim(session, ask.event_key):
            return None
        verdict = rules.decide(approval, voice, approve=approve, reason=reason, now=datetime.now(UTC))
        if isinstance(verdict, Refusal):
            facts: dict[str, str | int | bool | None] = {"why": verdict.value, "door": door}
            entry = AuditEntry(
                "approval.refused", "approval", approval.name, ask.person, ask.correlation_id, facts
            )
            await audit.record(session, entry)
            return Answer(silent=False, sentence=explain(verdict, approval), refusal=verdict)
        await _keep(session, task, approval, verdict, ask, where, door)
    services.nudges.deliver()
    ended = verdict.state is not ApprovalState.PENDING
    return Answer(silent=ended, sentence=_confirm(approval, verdict))


async def refuse(
    services: Deciding, ask: Ask, number: int, *, approve: bool, where: dict[str, str | None]
) -> Content | None:
    """Why this person's decision would not count whatever their reason, recorded; None where it would."""
    voice = await voice_of(services, ask.person)
    found = await find(services, number)
    if found is None:
        return notice(f"There is no A-{number}.")
    if rules.objection(found, voice, datetime.now(UTC)) is None:
        return None
    # Without a reason: should the objection have fallen away meanwhile, this decides nothing where one is needed.
    answer = await decide(services, ask, number, approve=approve, reason=None, where=where)
    return answer.content if answer else None


async def _keep(
    session: Session,
    task: Task,
    approval: Approval,
    verdict: Verdict,
    ask: Ask,
    where: dict[str, str | None],
    door: str,
) -> None:
    made = verdict.decision
    digest = combine(approval.digests)
    await approvals.add_decision(session, approval.number, made, digest, where)
    if verdict.state is not ApprovalState.PENDING:
        await approvals.set_state(session, approval.number, verdict.state)
    if verdict.state is ApprovalState.REJECTED:
        await tasks.end(session, task.number, TaskState.REJECTED, f"Rejected: {made.reason}")
    elif verdict.state is ApprovalState.APPROVED:
        await tasks.set_state(session, task.number, TaskState.RUNNING)
    await show(session, task.number)
    action = "approval.approved" if made.approve else "approval.rejected"
    facts: dict[str, str | int | bool | None] = {
        "role": made.role.value,
        "digest": digest,
        "task": task.name,
        "door": door,
    }
    await audit.record(
        session, AuditEntry(action, "approval", approval.name, ask.person, ask.correlation_id, facts)
    )
    await engine.send(
        session, task.name, {"decided": approval.number}, topic=CONTROL, idempotency_key=ask.event_key
    )


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


def _confirm(approval: Approval, verdict: Verdict) -> str:
    if verdict.state is ApprovalState.PENDING:
        more = "one more person" if verdict.missing == 1 else f"{verdict.missing} more people"
        return f"{approval.name}: your approval is recorded; it needs {more}."
    return f"{approval.name} is {verdict.state.value}."


async def voice_of(services: Deciding, person: str) -> Voice:
    """In which roles somebody could speak now: their own, and those lent to them."""
    async with services.database.unit_of_work() as session:
        lenders = await approvals.list_lenders(session, person)
    lent = {lender: await services.directory.roles_of(lender) for lender in lenders}
    return Voice(person, await services.directory.roles_of(person), lent)


async def list_for(services: Deciding, person: str) -> list[tuple[Approval, str]]:
    """What waits for this person's decision, oldest first, with the request it belongs to."""
    voice = await voice_of(services, person)
    found = []
    now = datetime.now(UTC)
    async with services.database.unit_of_work() as session:
        for approval in await approvals.list_pending(session):
            task = await tasks.find(session, approval.task)
            if task is not None and rules.objection(approval, voice, now) is None:
                found.append((approval, task.request))
    return found


async def find(services: Deciding, number: int) -> Approval | None:
    """The approval with this number."""
    async with services.database.unit_of_work() as session:
        return await approvals.find(session, number)
