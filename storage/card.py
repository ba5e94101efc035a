"""Cards: what our messages should say. The outbox (`storage.outbox`) knows what is still to be shown."""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.card import CardDraft, Content
from storage.database import metadata

card = Table(
    "card",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False, comment="channel, or a person's id for a direct message"),
    Column("thread_ts", Text),
    Column("parent_key", Text, comment="the card this one replies to"),
    Column("asker", Text, comment="who hears of it when it cannot be shown"),
    Column("urgent", Boolean, nullable=False, server_default="false"),
    Column("content", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("shown_version", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="live"),
    Column("ts", Text),
    Column("posted_channel", Text),
    Column("posting_since", DateTime(timezone=True), comment="a post began and its end is not known"),
    Column("parent_deleted", Boolean, nullable=False, server_default="false"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("dirty_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("shown_at", DateTime(timezone=True)),
    Index(
        "ix_card_due",
        "channel",
        text("urgent DESC"),
        "dirty_at",
        "id",
        postgresql_where=text("state = 'live' AND version > shown_version"),
    ),
)

# A lane that Slack has refused is tried again at once when somebody new wants something shown there. No other lane is
# locked here, and none is waited for, as even DO NOTHING would for a row that is being changed: see storage.outbox.
_ENSURE_LANE = text(
    """
    WITH made AS (
        INSERT INTO lane (channel)
        SELECT :channel WHERE NOT EXISTS (SELECT FROM lane WHERE channel = :channel) ON CONFLICT DO NOTHING)
    UPDATE lane SET next_at = now() WHERE channel IN (
        SELECT channel FROM lane WHERE channel = :channel AND fault IS NOT NULL FOR UPDATE SKIP LOCKED)
    """
)

_SHOW = text(
    """
    INSERT INTO card (key, channel, thread_ts, parent_key, asker, urgent, content)
    VALUES (:key, :channel, :thread_ts, :parent_key, :asker, :urgent, CAST(:content AS jsonb))
    ON CONFLICT (key) DO UPDATE SET
        content = EXCLUDED.content,
        urgent = EXCLUDED.urgent,
        version = card.version + 1,
        state = CASE WHEN card.state = 'failed' THEN 'live' ELSE card.state END,
        dirty_at = CASE WHEN card.version > card.shown_version THEN card.dirty_at ELSE now() END
    WHERE card.content IS DISTINCT FROM EXCLUDED.content
    """
)


async def show(session: AsyncSession, draft: CardDraft) -> None:
    """Want a card shown as `draft` says: a new one, or new content for the one with its key."""
    await session.execute(_ENSURE_LANE, {"channel": draft.place.channel})
    await session.execute(_SHOW, _values(draft))


_BUTTONS = '$.blocks[*] ? (@.type == "actions")'
"""In a content: what somebody can act on."""

_REVISE = text(
    """
    UPDATE card SET content = CAST(:content AS jsonb), version = version + 1,
        state = CASE WHEN state = 'failed' THEN 'live'
            WHEN state = 'gone' AND CAST(:content AS jsonb) @? CAST(:buttons AS jsonpath) THEN 'live'
            ELSE state END,
        dirty_at = CASE WHEN version > shown_version THEN dirty_at ELSE now() END
    WHERE key = :key AND content IS DISTINCT FROM CAST(:content AS jsonb)
    """
)


async def revise(session: AsyncSession, key: str, content: Content) -> None:
    """Want other content on a card that exists; its place stays."""
    values = {"key": key, "content": json.dumps(write_content(content)), "buttons": _BUTTONS}
    await session.execute(_REVISE, values)


# Nobody could act on it any more, so that what has buttons is posted again.
_REPOST = text(
    """
    UPDATE card SET ts = NULL, posted_channel = NULL, shown_version = 0, parent_deleted = false, dirty_at = now()
    WHERE posted_channel = :channel AND ts = :ts AND state = 'live'
      AND content @? CAST(:buttons AS jsonpath)
    RETURNING key
    """
)


async def repost(session: AsyncSession, channel: str, ts: str) -> str | None:
    """The message `ts` was deleted: want its card posted anew if somebody could act on it. Returns its key then."""
    values = {"channel": channel, "ts": ts, "buttons": _BUTTONS}
    found: str | None = (await session.execute(_REPOST, values)).scalar()
    return found


def _values(draft: CardDraft) -> dict[str, Any]:
    return {
        "key": draft.key,
        "channel": draft.place.channel,
        "thread_ts": draft.place.thread_ts,
        "parent_key": draft.parent_key,
        "asker": draft.asker,
        "urgent": draft.urgent,
        "content": json.dumps(write_content(draft.content)),
    }


def write_content(content: Content) -> dict[str, Any]:
    """The stored form of a card's content."""
    calls = {"calls": list(content.calls)} if content.calls else {}
    return {"text": content.text, "blocks": content.blocks, **calls}


def read_content(stored: Any) -> Content:
    """A card's content from its stored form (an object, or its JSON text as asyncpg hands it out)."""
    value = json.loads(stored) if isinstance(stored, str) else stored
    return Content(value["text"], value["blocks"], tuple(value.get("calls", ())))


async def list_threads(session: AsyncSession, *, limit: int) -> list[tuple[str, str]]:
    """Channel and thread of the latest replies of ours, newest first: where a person may have answered."""
    rows = await session.execute(
        text(
            "SELECT posted_channel, coalesce(thread_ts, (SELECT p.ts FROM card p WHERE p.key = card.parent_key), ts)"
            " AS thread FROM card WHERE ts IS NOT NULL AND shown_at > now() - interval '24 hours'"
            " GROUP BY 1, 2 ORDER BY max(shown_at) DESC LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [(row.posted_channel, row.thread) for row in rows]


async def find_trouble(session: AsyncSession, key: str) -> tuple[str, str | None] | None:
    """State and last error of a card that is not shown as it is wanted; None for one that is, or none at all."""
    row = (
        await session.execute(
            text(
                "SELECT card.state, coalesce(lane.fault, card.error) AS error FROM card"
                " JOIN lane ON lane.channel = card.channel"
                " WHERE card.key = :key AND card.version > card.shown_version"
            ),
            {"key": key},
        )
    ).first()
    return (row.state, row.error) if row else None
