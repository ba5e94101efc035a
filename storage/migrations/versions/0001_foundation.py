"""Foundation: inbound events, tasks, cards and their lanes, people, audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

NOW = sa.text("now()")


def _at(name: str, *, required: bool = False, comment: str | None = None) -> sa.Column[object]:
    default = NOW if required else None
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=not required, server_default=default, comment=comment
    )


def upgrade() -> None:
    _create_inbox()
    _create_task()
    _create_outbox()
    _create_audit()
    _create_audit_functions()
    _protect_audit()


def _create_inbox() -> None:
    op.create_table(
        "inbound_event",
        sa.Column("key", sa.Text, comment="the sender's own id of the event, with its kind in front"),
        _at("received_at", required=True),
        sa.PrimaryKeyConstraint("key", name="pk_inbound_event"),
    )
    op.create_index("ix_inbound_event_received_at", "inbound_event", ["received_at"])
    op.create_table(
        "presence",
        sa.Column("name", sa.Text),
        _at("seen_at", required=True),
        sa.PrimaryKeyConstraint("name", name="pk_presence"),
    )


def _create_task() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("task_number")))
    op.create_table(
        "task",
        sa.Column("number", sa.BigInteger, autoincrement=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("thread_ts", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        _at("created_at", required=True),
        _at("started_at", comment="when its workflow began"),
        _at("ended_at"),
        sa.PrimaryKeyConstraint("number", name="pk_task"),
    )
    for column in ("requester", "channel", "state"):
        op.create_index(f"ix_task_{column}", "task", [column])


def _create_outbox() -> None:
    op.create_table(
        "card",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column(
            "channel", sa.Text, nullable=False, comment="channel, or a person's id for a direct message"
        ),
        sa.Column("thread_ts", sa.Text),
        sa.Column("parent_key", sa.Text, comment="the card this one replies to"),
        sa.Column("asker", sa.Text, comment="who hears of it when it cannot be shown"),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("shown_version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.Text, nullable=False, server_default="live"),
        sa.Column("ts", sa.Text),
        sa.Column("posted_channel", sa.Text),
        _at("posting_since", comment="a post began and its end is not known"),
        sa.Column("parent_deleted", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text),
        _at("next_at", required=True),
        _at("dirty_at", required=True),
        _at("created_at", required=True),
        _at("shown_at"),
        sa.PrimaryKeyConstraint("id", name="pk_card"),
        sa.UniqueConstraint("key", name="uq_card_key"),
    )
    op.create_index(
        "ix_card_due",
        "card",
        ["channel", sa.text("urgent DESC"), "dirty_at", "id"],
        postgresql_where=sa.text("state = 'live' AND version > shown_version"),
    )
    op.create_table(
        "lane",
        sa.Column("channel", sa.Text),
        _at("next_at", required=True),
        sa.Column("owner", sa.Text),
        _at("owner_until"),
        sa.Column("fault", sa.Text, comment="why Slack refuses us here, in its own word"),
        _at("fault_at"),
        sa.PrimaryKeyConstraint("channel", name="pk_lane"),
    )


def _create_audit() -> None:
    op.create_table(
        "person",
        sa.Column("user_id", sa.Text, comment="Slack user id; deleting the row forgets the person"),
        sa.Column("pseudonym", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()")),
        _at("created_at", required=True),
        sa.PrimaryKeyConstraint("user_id", name="pk_person"),
        sa.UniqueConstraint("pseudonym", name="uq_person_pseudonym"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        _at("at", required=True),
        sa.Column("actor", sa.Uuid, comment="pseudonym; null for the system itself"),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_type", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])


def _create_audit_functions() -> None:
    op.execute(
        """
        CREATE FUNCTION pseudonym_of(who text) RETURNS uuid LANGUAGE plpgsql AS $$
        DECLARE found uuid;
        BEGIN
            IF who = 'system' THEN RETURN NULL; END IF;
            SELECT pseudonym INTO found FROM person WHERE user_id = who;
            IF found IS NULL THEN
                INSERT INTO person (user_id) VALUES (who) ON CONFLICT DO NOTHING;
                SELECT pseudonym INTO found FROM person WHERE user_id = who;
            END IF;
            RETURN found;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION record_audit(who text, action text, object_type text, object_id text,
                                     correlation_id text, facts jsonb) RETURNS void LANGUAGE sql AS $$
            INSERT INTO audit (actor, action, object_type, object_id, correlation_id, facts)
            VALUES (pseudonym_of(who), action, object_type, object_id, correlation_id, facts)
        $$
        """
    )


def _protect_audit() -> None:
    # The call stack says who asks: only prune_audit, and no setting that a session could make for itself. Its
    # second line quotes the statement, its third names the function: both whole, or a comment could forge them.
    # No word of the lines' own is looked at, since a server speaks its administrator's language.
    op.execute(
        """
        CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            stack text;
            quote constant text = '["\u00ab\u00bb]';
            pruner constant text = format('%I.prune_audit(timestamptz)', TG_TABLE_SCHEMA)::regprocedure;
        BEGIN
            GET DIAGNOSTICS stack = PG_CONTEXT;
            IF TG_OP = 'DELETE'
                AND split_part(stack, E'\n', 2) ~ ('^[^"\u00ab\u00bb]*' || quote
                    || '\u00a0?DELETE FROM audit WHERE at < before\u00a0?' || quote || '$')
                AND position(' ' || pruner || ' ' IN split_part(stack, E'\n', 3)) > 0
            THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'The audit trail is append-only: % is refused. prune_audit(before) removes what is '
                'past its retention.', TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION prune_audit(before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE removed bigint;
        BEGIN
            DELETE FROM audit WHERE at < before;
            GET DIAGNOSTICS removed = ROW_COUNT;
            RETURN removed;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION keep_audit()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION keep_audit()"
    )


def downgrade() -> None:
    op.drop_table("audit")
    for function in ("prune_audit(timestamptz)", "keep_audit()"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION record_audit(text, text, text, text, text, jsonb)")
    op.execute("DROP FUNCTION pseudonym_of(text)")
    for table in ("person", "lane", "card", "task", "presence", "inbound_event"):
        op.drop_table(table)
    op.execute(sa.schema.DropSequence(sa.Sequence("task_number")))
