"""Execution: plans and their steps, approvals and decisions, choices, delegations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

NOW = sa.text("now()")


def _at(name: str, *, required: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        nullable=not required,
        server_default=NOW if required else None,
    )


def upgrade() -> None:
    _widen_task()
    _create_step()
    _create_approval()
    _create_choice()
    _create_delegation()


def _widen_task() -> None:
    op.add_column("task", sa.Column("type", sa.Text, nullable=False, server_default="execution"))
    op.add_column("task", sa.Column("agent", sa.Text, comment="who planned it"))
    op.add_column("task", sa.Column("answers", JSONB, nullable=False, server_default="{}"))
    op.add_column("task", sa.Column("question", JSONB))
    op.add_column("task", sa.Column("level", sa.Text))
    op.add_column("task", sa.Column("score", sa.Float))
    op.add_column("task", sa.Column("reasons", JSONB, nullable=False, server_default="[]"))
    op.add_column("task", sa.Column("note", sa.Text, comment="why it ended as it did"))


def _create_step() -> None:
    op.create_table(
        "step",
        sa.Column("task", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("arguments", JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("request", JSONB, nullable=False, comment="as approvers see it, nothing expanded"),
        sa.Column("state", sa.Text, nullable=False, server_default="planned"),
        sa.Column("calls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("receipt", JSONB),
        sa.Column("undo_calls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("undo_receipt", JSONB),
        _at("started_at"),
        _at("ended_at"),
        sa.PrimaryKeyConstraint("task", "number", name="pk_step"),
        sa.ForeignKeyConstraint(["task"], ["task.number"], name="fk_step_task_task"),
    )


def _create_approval() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("approval_number")))
    op.create_table(
        "approval",
        sa.Column("number", sa.BigInteger, autoincrement=False),
        sa.Column("task", sa.BigInteger, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("factors", JSONB, nullable=False, comment="what the policy was told of each step"),
        sa.Column("action_type", sa.Text, nullable=False, comment="the operations, such as deploy"),
        sa.Column("impact", sa.Text, nullable=False, comment="what it changes where, in one line"),
        sa.Column("requirement", JSONB, nullable=False),
        sa.Column("digests", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        _at("created_at", required=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _at("reminded_at"),
        sa.Column("escalated_to", sa.Text),
        _at("ended_at"),
        sa.PrimaryKeyConstraint("number", name="pk_approval"),
        sa.ForeignKeyConstraint(["task"], ["task.number"], name="fk_approval_task_task"),
    )
    op.create_index("ix_approval_task", "approval", ["task"])
    op.create_index("ix_approval_state", "approval", ["state"])
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("approval", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("approve", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("on_behalf_of", sa.Text),
        sa.Column("team", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("message_ts", sa.Text),
        sa.Column("digest", sa.Text, nullable=False, comment="over the digests of all steps"),
        _at("at", required=True),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.ForeignKeyConstraint(["approval"], ["approval.number"], name="fk_decision_approval_approval"),
    )
    op.create_index("ix_decision_approval", "decision", ["approval"])


def _create_choice() -> None:
    op.create_table(
        "choice",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("task", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_choice"),
        sa.ForeignKeyConstraint(["task"], ["task.number"], name="fk_choice_task_task"),
    )
    op.create_index("ix_choice_task", "choice", ["task"])


def _create_delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("lender", sa.Text, nullable=False),
        sa.Column("borrower", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _at("created_at", required=True),
        sa.PrimaryKeyConstraint("id", name="pk_delegation"),
    )
    op.create_index("ix_delegation_borrower", "delegation", ["borrower"])


def downgrade() -> None:
    for table in ("delegation", "choice", "decision", "approval", "step"):
        op.drop_table(table)
    op.execute(sa.schema.DropSequence(sa.Sequence("approval_number")))
    for column in ("agent", "type", "note", "reasons", "score", "level", "question", "answers"):
        op.drop_column("task", column)
