"""Approvals as people meet them: listed, and decided. `workflows.gate` asks for them and waits."""

from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.notice import notice
from blocks.refusal import explain
from domain import decision as rules
from domain.approval import Approval, ApprovalState, Refusal, Verdict, Voice
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.card import Content
from domain.errors import NotFound
from domain.task import Task, TaskState
from storage import approval as approvals
from storage import audit, inbox
from storage import task as tasks
from storage.database import Session
from workflows import engine
from workflows.digest import combine
from workflows.services import Deciding
from workflows.view import show

CONTROL = "control"


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
            if verdict is Refusal.EXPIRED and approval.state is ApprovalState.PENDING:
                # Its workflow has not noticed: the clock was put forward while it waits.
                await _wake(session, task, approval, ask)
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
    await _wake(session, task, approval, ask)


async def _wake(session: Session, task: Task, approval: Approval, ask: Ask) -> None:
    """Have the task's workflow look at its approval, once this commits."""
    message = {"decided": approval.number}
    await engine.send(session, task.name, message, topic=CONTROL, idempotency_key=ask.event_key)


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
