"""Approvals, the decisions on them, and who lent whom their voice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Table,
    Text,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import (
    Sequence as NumberSequence,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain.approval import Approval, ApprovalState, Assessment, Decision, Level, Requirement, RiskFacts, Role
from domain.risk import describe_impact
from storage.database import metadata

number_sequence = NumberSequence("approval_number", metadata=metadata)

approval = Table(
    "approval",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("task", BigInteger, ForeignKey("task.number"), nullable=False, index=True),
    Column("requester", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("factors", JSONB, nullable=False, comment="what the policy was told of each step"),
    Column("action_type", Text, nullable=False, comment="the operations, such as deploy"),
    Column("impact", Text, nullable=False, comment="what it changes where, in one line"),
    Column("requirement", JSONB, nullable=False),
    Column("digests", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="pending", index=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("reminded_at", DateTime(timezone=True)),
    Column("escalated_to", Text),
    Column("ended_at", DateTime(timezone=True)),
)

decision = Table(
    "decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("approval", BigInteger, ForeignKey("approval.number"), nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("approve", Boolean, nullable=False),
    Column("reason", Text),
    Column("on_behalf_of", Text),
    Column("team", Text),
    Column("channel", Text),
    Column("message_ts", Text),
    Column("digest", Text, nullable=False, comment="over the digests of all steps"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("lender", Text, nullable=False),
    Column("borrower", Text, nullable=False, index=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


async def create(
    session: AsyncSession,
    *,
    task: int,
    requester: str,
    channel: str,
    assessment: Assessment,
    facts: Sequence[RiskFacts],
    requirement: Requirement,
    digests: Sequence[str],
) -> int:
    """Ask for approval of a task's plan; returns its number. The life time begins now, by the database's clock."""
    number = int((await session.execute(select(number_sequence.next_value()))).scalar_one())
    await session.execute(
        insert(approval).values(
            number=number,
            task=task,
            requester=requester,
            channel=channel,
            level=assessment.level.value,
            score=assessment.score,
            reasons=list(assessment.reasons),
            factors=[asdict(each) for each in facts],
            action_type=", ".join(sorted({each.operation for each in facts})),
            impact=describe_impact(facts),
            requirement=_write_requirement(requirement),
            digests=list(digests),
            expires_at=func.now() + requirement.lifetime,
        )
    )
    return number


async def find(session: AsyncSession, number: int, *, lock: bool = False) -> Approval | None:
    """The approval with this number and its decisions. With `lock` nobody else decides until the transaction ends."""
    query = select(approval).where(approval.c.number == number)
    row = (await session.execute(query.with_for_update() if lock else query)).first()
    return await _load(session, row) if row else None


async def find_of_task(session: AsyncSession, task: int, *, lock: bool = False) -> Approval | None:
    """The approval of a task's plan: the latest one."""
    query = select(approval).where(approval.c.task == task).order_by(approval.c.number.desc()).limit(1)
    row = (await session.execute(query.with_for_update() if lock else query)).first()
    return await _load(session, row) if row else None


async def list_pending(session: AsyncSession, limit: int = 100) -> list[Approval]:
    """Approvals that wait, oldest first."""
    query = select(approval).where(approval.c.state == "pending").order_by(approval.c.number).limit(limit)
    return [await _load(session, row) for row in (await session.execute(query)).all()]


async def list_ended(session: AsyncSession, state: ApprovalState, limit: int = 100) -> list[Approval]:
    """Approvals that ended so, newest first."""
    query = select(approval).where(approval.c.state == state.value)
    rows = await session.execute(query.order_by(approval.c.number.desc()).limit(limit))
    return [await _load(session, row) for row in rows.all()]


async def add_decision(
    session: AsyncSession, number: int, made: Decision, digest: str, where: Mapping[str, str | None]
) -> None:
    """Record a decision; `where` is its team, channel and message_ts."""
    await session.execute(
        insert(decision).values(
            approval=number,
            person=made.person,
            role=made.role.value,
            approve=made.approve,
            reason=made.reason,
            on_behalf_of=made.on_behalf_of,
            digest=digest,
            at=made.at,
            **where,
        )
    )


async def set_state(session: AsyncSession, number: int, state: ApprovalState) -> None:
    """Move an approval to `state`; an end is stamped with its time."""
    values: dict[str, Any] = {"state": state.value}
    if state is not ApprovalState.PENDING:
        values["ended_at"] = func.now()
    await session.execute(update(approval).where(approval.c.number == number).values(**values))


async def mark_reminded(session: AsyncSession, number: int) -> None:
    """Note the one reminder."""
    await session.execute(update(approval).where(approval.c.number == number).values(reminded_at=func.now()))


async def mark_escalated(session: AsyncSession, number: int, role: Role) -> None:
    """Note the one escalation."""
    await session.execute(update(approval).where(approval.c.number == number).values(escalated_to=role.value))


async def lend(session: AsyncSession, lender: str, borrower: str, until: datetime) -> None:
    """Let `borrower` decide in place of `lender` until then."""
    await session.execute(insert(delegation).values(lender=lender, borrower=borrower, until=until))


async def list_lenders(session: AsyncSession, borrower: str) -> list[str]:
    """Whose voice `borrower` has now."""
    query = (
        select(delegation.c.lender)
        .distinct()
        .where(delegation.c.borrower == borrower, delegation.c.until > func.now())
    )
    return list((await session.execute(query.order_by(delegation.c.lender))).scalars())


async def gather_statistics(session: AsyncSession, days: int = 30) -> list[dict[str, Any]]:
    """Of the last days, by level and last over all (level None): how many were asked for, how each ended, and the
    median wait in seconds of those that people decided.
    """
    rows = await session.execute(
        text(
            "SELECT level, count(*) AS requested, count(*) FILTER (WHERE state = 'approved') AS approved,"
            " count(*) FILTER (WHERE state = 'rejected') AS rejected,"
            " count(*) FILTER (WHERE state = 'expired') AS expired,"
            " count(*) FILTER (WHERE state = 'cancelled') AS cancelled,"
            " count(*) FILTER (WHERE state = 'pending') AS pending,"
            " percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at))"
            "   FILTER (WHERE state IN ('approved', 'rejected')) AS median_wait_seconds"
            " FROM approval WHERE created_at > now() - :days * interval '1 day'"
            " GROUP BY GROUPING SETS ((level), ()) ORDER BY level"
        ),
        {"days": days},
    )
    return [dict(row) for row in rows.mappings()]


async def _load(session: AsyncSession, row: Row[Any]) -> Approval:
    query = select(decision).where(decision.c.approval == row.number).order_by(decision.c.id)
    made = tuple(_read_decision(each) for each in await session.execute(query))
    return Approval(
        number=row.number,
        task=row.task,
        requester=row.requester,
        level=Level(row.level),
        requirement=_read_requirement(row.requirement),
        state=ApprovalState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
        decisions=made,
        digests=tuple(row.digests),
        reasons=tuple(row.reasons),
        escalated_to=Role(row.escalated_to) if row.escalated_to else None,
        reminded_at=row.reminded_at,
        ended_at=row.ended_at,
    )


def _read_decision(row: Row[Any]) -> Decision:
    return Decision(
        person=row.person,
        role=Role(row.role),
        approve=row.approve,
        reason=row.reason,
        at=row.at,
        on_behalf_of=row.on_behalf_of,
    )


def _write_requirement(requirement: Requirement) -> dict[str, Any]:
    return {
        "count": requirement.count,
        "roles": sorted(role.value for role in requirement.roles),
        "requester_counts": requirement.requester_counts,
        "reason_required": requirement.reason_required,
        "lifetime_seconds": requirement.lifetime.total_seconds(),
        "including": [sorted(role.value for role in group) for group in requirement.including],
    }


def _read_requirement(stored: Mapping[str, Any]) -> Requirement:
    return Requirement(
        count=stored["count"],
        roles=frozenset(Role(role) for role in stored["roles"]),
        requester_counts=stored["requester_counts"],
        reason_required=stored["reason_required"],
        lifetime=timedelta(seconds=stored["lifetime_seconds"]),
        including=tuple(frozenset(Role(role) for role in group) for group in stored["including"]),
    )
