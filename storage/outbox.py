"""The outbox: which card to show next in which channel, who may do it, and not before when.

A *lane* is the row of a channel. One replica owns it at a time (a lease, renewed with every statement), and it
holds the time of the next message, so that order and pace hold over replicas and restarts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Table, Text, func, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.card import CardState, Delivery, Place
from storage.card import read_content
from storage.database import Database, metadata

LEASE_SECONDS = 30
"""Longer than the longest call to Slack, so that a lane is never taken over while a call is under way."""

lane = Table(
    "lane",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("owner", Text),
    Column("owner_until", DateTime(timezone=True)),
    Column("fault", Text, comment="why Slack refuses us here, in its own word"),
    Column("fault_at", DateTime(timezone=True)),
)

_DUE = """
    card.state = 'live' AND card.version > card.shown_version AND card.next_at <= now()
    AND (card.parent_key IS NULL OR EXISTS (
        SELECT FROM card p WHERE p.key = card.parent_key AND (p.ts IS NOT NULL OR p.state <> 'live')))
"""

_CLAIM = f"""
UPDATE lane SET owner = $1, owner_until = now() + make_interval(secs => {LEASE_SECONDS})
WHERE channel IN (
    SELECT channel FROM lane
    WHERE (owner IS NULL OR owner_until < now() OR owner = $1) AND next_at <= now()
      AND channel <> ALL ($2::text[])
      AND EXISTS (SELECT FROM card WHERE card.channel = lane.channel AND {_DUE})
    ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING channel
"""  # noqa: S608 - made of constants

_TAKE = f"""
WITH mine AS (
    UPDATE lane SET owner_until = now() + make_interval(secs => {LEASE_SECONDS})
    WHERE channel = $1 AND owner = $2 AND next_at <= now() RETURNING channel
), due AS (
    SELECT id, posting_since FROM card
    WHERE channel = (SELECT channel FROM mine) AND {_DUE}
    ORDER BY urgent DESC, dirty_at, id LIMIT 1
)
UPDATE card SET attempts = card.attempts + 1,
    posting_since = CASE WHEN card.ts IS NULL THEN coalesce(card.posting_since, now()) END
FROM due WHERE card.id = due.id
RETURNING card.*, due.posting_since AS posting_before, now() AS taken_at,
    (SELECT p.ts FROM card p WHERE p.key = card.parent_key) AS parent_ts
"""  # noqa: S608 - made of constants

# A lane is locked before its cards, in every statement (`count(*) … >= 0` makes Postgres do the first part first):
# units of work hold locks on cards and never wait for a lane, so that nobody waits in a circle.
_SHOWN = """
WITH paced AS (
    UPDATE lane SET next_at = now() + make_interval(secs => $6), fault = NULL, fault_at = NULL,
        owner_until = now() + make_interval(secs => $7)
    WHERE channel = $9 AND owner = $8 RETURNING channel
)
UPDATE card SET shown_version = $2, ts = $3, posted_channel = $4, posting_since = NULL, attempts = 0,
    error = NULL, shown_at = now(),
    parent_deleted = parent_deleted OR $5,
    version = CASE WHEN $5 AND NOT parent_deleted THEN version + 1 ELSE version END,
    dirty_at = CASE WHEN version > $2 THEN now() ELSE dirty_at END
WHERE id = $1 AND (SELECT count(*) FROM paced) >= 0 AND ts IS NOT DISTINCT FROM $10
"""

# Where nothing was done the attempt does not count.
_DELAY_LANE = """
WITH delayed AS (
    UPDATE lane SET next_at = now() + make_interval(secs => $2) WHERE channel = $5 RETURNING channel
)
UPDATE card SET error = $3, posting_since = CASE WHEN $4 THEN posting_since END,
    attempts = CASE WHEN $4 THEN attempts ELSE attempts - 1 END
WHERE id = $1 AND (SELECT count(*) FROM delayed) >= 0
"""

_DELAY_CARD = """
WITH paced AS (
    UPDATE lane SET next_at = now() + make_interval(secs => $4) WHERE channel = $5 RETURNING channel
)
UPDATE card SET next_at = now() + make_interval(secs => $2), error = $3
WHERE id = $1 AND (SELECT count(*) FROM paced) >= 0
"""

_END = """
WITH healed AS (
    UPDATE lane SET fault = NULL, fault_at = NULL WHERE channel = $4 AND fault IS NOT NULL RETURNING channel
)
UPDATE card SET error = $3, posting_since = NULL,
    state = CASE WHEN $2 = 'failed' AND version > $5 THEN state ELSE $2 END
WHERE id = $1 AND (SELECT count(*) FROM healed) >= 0
"""

_KEEP = f"""
UPDATE lane SET owner_until = now() + make_interval(secs => {LEASE_SECONDS})
WHERE channel = $1 AND owner = $2 RETURNING channel
"""  # noqa: S608 - made of constants

# Just after a restart of Postgres a living owner may lack its lock: its lease must then be older than any call.
_RELEASE_DEAD = f"""
UPDATE lane SET owner = NULL
WHERE owner <> $1
  AND (pg_postmaster_start_time() < now() - interval '15 seconds'
       OR owner_until < now() + make_interval(secs => {LEASE_SECONDS} - 15))
  AND NOT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = ((hashtextextended(owner, 0) >> 32) & 4294967295)::oid
      AND objid = (hashtextextended(owner, 0) & 4294967295)::oid)
"""  # noqa: S608 - made of constants


@dataclass(frozen=True)
class LaneFault:
    """A channel that refuses us: since when, why, and how many cards wait for it."""

    channel: str
    fault: str
    fault_at: datetime
    waiting: int


@dataclass(frozen=True)
class Outbox:
    """The statements of the delivery loop, each a commit of its own. `owner` names this replica."""

    database: Database
    owner: str

    async def release_dead(self) -> None:
        """Free the lanes of processes that died (their executor's advisory lock is free, see
        `workflows.engine.executor`). Their lease would run out by itself; this is sooner.
        """
        await self.database.quick.execute(_RELEASE_DEAD, self.owner)

    async def claim(self, busy: list[str], limit: int) -> list[str]:
        """Own up to `limit` more channels in which something is due, beside those in `busy`."""
        rows = await self.database.quick.fetch(_CLAIM, self.owner, busy, limit)
        return [row["channel"] for row in rows]

    async def release(self, channel: str) -> None:
        """Give a channel back."""
        await self.database.quick.execute(
            "UPDATE lane SET owner = NULL WHERE channel = $1 AND owner = $2", channel, self.owner
        )

    async def take(self, channel: str) -> Delivery | None:
        """The next thing to show in a channel that we own, its attempt recorded; None when nothing is due."""
        row = await self.database.quick.fetchrow(_TAKE, channel, self.owner)
        return _read(row) if row else None

    async def keep(self, channel: str) -> bool:
        """Renew the lease of a channel; False where another replica has taken it over."""
        return await self.database.quick.fetchval(_KEEP, channel, self.owner) is not None

    async def record_shown(
        self, delivery: Delivery, ts: str, channel: str, *, parent_deleted: bool, pause: float
    ) -> None:
        """The card stands in Slack as `delivery` says; the next message of the lane waits `pause` seconds. A card whose
        message was deleted meanwhile, and that is to be posted again, stays so.
        """
        await self.database.quick.execute(
            _SHOWN,
            delivery.card_id,
            delivery.version,
            ts,
            channel,
            parent_deleted,
            float(pause),
            float(pause) + LEASE_SECONDS,
            self.owner,
            delivery.place.channel,
            delivery.ts,
        )

    async def delay_lane(self, delivery: Delivery, seconds: float, error: str, *, in_doubt: bool) -> None:
        """Nothing more in this channel for `seconds`. `in_doubt`: the post may have arrived nevertheless."""
        await self.database.quick.execute(
            _DELAY_LANE, delivery.card_id, float(seconds), error, in_doubt, delivery.place.channel
        )

    async def delay_card(self, delivery: Delivery, seconds: float, error: str, *, pause: float) -> None:
        """Let the other cards of the channel overtake this one for `seconds`, the first of them after `pause`."""
        await self.database.quick.execute(
            _DELAY_CARD, delivery.card_id, float(seconds), error, float(pause), delivery.place.channel
        )

    async def end(self, delivery: Delivery, state: CardState, error: str) -> None:
        """Try no more to show this card; a content that was refused for good, unless there is a newer one already.
        Slack let us in, so that the lane has no fault.
        """
        await self.database.quick.execute(
            _END, delivery.card_id, state.value, error, delivery.place.channel, delivery.version
        )


def _read(row: Any) -> Delivery:
    return Delivery(
        card_id=row["id"],
        key=row["key"],
        place=Place(row["channel"], row["thread_ts"] or row["parent_ts"]),
        content=read_content(row["content"]),
        version=row["version"],
        attempts=row["attempts"],
        asker=row["asker"],
        ts=row["ts"],
        posted_channel=row["posted_channel"],
        posting_since=row["posting_before"],
        taken_at=row["taken_at"],
        dirty_at=row["dirty_at"],
        parent_deleted=row["parent_deleted"],
    )


async def mark_fault(session: AsyncSession, channel: str, fault: str, pause: float) -> datetime:
    """Note that Slack refuses us in `channel`; nothing is tried there for `pause` seconds. Since when it does."""
    row = await session.execute(
        text(
            "UPDATE lane SET fault = :fault, next_at = now() + make_interval(secs => :pause),"
            " fault_at = CASE WHEN fault = :fault THEN fault_at ELSE now() END"
            " WHERE channel = :channel RETURNING fault_at"
        ),
        {"channel": channel, "fault": fault, "pause": pause},
    )
    since: datetime = row.scalar_one()
    return since


async def forget_attempt(session: AsyncSession, card_id: int) -> None:
    """Note that the last attempt to post did nothing: there is no message to be looked for."""
    await session.execute(
        text("UPDATE card SET posting_since = NULL, attempts = attempts - 1 WHERE id = :id"), {"id": card_id}
    )


async def list_askers(session: AsyncSession, channel: str) -> list[str]:
    """Who waits for something to be shown in `channel`."""
    rows = await session.execute(
        text(
            "SELECT DISTINCT asker FROM card WHERE channel = :channel AND asker IS NOT NULL"
            " AND state = 'live' AND version > shown_version ORDER BY asker"
        ),
        {"channel": channel},
    )
    return list(rows.scalars())


async def list_faults(session: AsyncSession, person: str, channel: str) -> list[LaneFault]:
    """Places that refuse us and that concern this person or channel, longest first."""
    rows = await session.execute(
        text(
            "SELECT l.channel, l.fault, l.fault_at, count(c.id) AS waiting FROM lane l"
            " LEFT JOIN card c ON c.channel = l.channel AND c.state = 'live' AND c.version > c.shown_version"
            " WHERE l.fault IS NOT NULL AND (l.channel IN (:channel, :person)"
            "   OR EXISTS (SELECT FROM card mine WHERE mine.channel = l.channel AND mine.asker = :person))"
            " GROUP BY l.channel ORDER BY l.fault_at"
        ),
        {"person": person, "channel": channel},
    )
    return [LaneFault(row.channel, row.fault, row.fault_at, row.waiting) for row in rows]


async def count_failed(session: AsyncSession) -> int:
    """How many cards Slack refused for good in the last day."""
    count = await session.execute(
        text("SELECT count(*) FROM card WHERE state = 'failed' AND dirty_at > now() - interval '24 hours'")
    )
    return int(count.scalar_one())


async def count_backlog(database: Database) -> int:
    """How many cards Slack does not yet show as they are wanted."""
    count: int = await database.quick.fetchval(
        "SELECT count(*) FROM card WHERE state = 'live' AND version > shown_version"
    )
    return count


async def reopen(session: AsyncSession, channel: str) -> None:
    """Try again at once in a channel that refused us."""
    await session.execute(
        text("UPDATE lane SET next_at = now() WHERE channel = :channel AND fault IS NOT NULL"),
        {"channel": channel},
    )
