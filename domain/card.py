"""A card: a message of ours whose wanted content is kept in Postgres and shown in Slack."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

METADATA_EVENT_TYPE = "quarterdeck_card"


class CardState(StrEnum):
    """`live`: wanted and, once shown, kept up to date. `gone`: someone deleted the message, and nobody could have
    acted on it (one with buttons is posted again). `failed`: Slack
    will never take this content; another is tried. (A channel that refuses us is the lane's fault, not the card's.)
    """

    LIVE = "live"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True)
class Content:
    """What a message says: one plain line, and the blocks that draw it. `calls` are the people (`U…`) whom it calls
    when it appears; whoever else is named in it is not disturbed.
    """

    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    calls: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether somebody can act on it: it has a row of buttons."""
        return any(block["type"] == "actions" for block in self.blocks)


@dataclass(frozen=True)
class Place:
    """Where a message belongs: a channel or a person (`U…`), and the thread if it is a reply."""

    channel: str
    thread_ts: str | None = None


@dataclass(frozen=True)
class CardDraft:
    """A card to be shown. `asker` hears of it, once, when Slack does not let us show it. With `parent_key`
    the card is a reply to another card, and waits until that one is shown.
    """

    key: str
    place: Place
    content: Content
    asker: str | None = None
    parent_key: str | None = None
    urgent: bool = False


@dataclass(frozen=True)
class Delivery:
    """One thing the delivery loop has to do now: show `content` (its `version`) of the card `key`.

    `ts` is None while the card has not been posted. `posting_since` is set when an earlier attempt to post began
    and its end is unknown, so that the message must be looked for first. `dirty_at` is when a content was wanted that
    is not shown yet, `taken_at` when this delivery was handed out; all three by the database's clock.
    """

    card_id: int
    key: str
    place: Place
    content: Content
    version: int
    attempts: int
    asker: str | None
    ts: str | None
    posted_channel: str | None
    posting_since: datetime | None
    taken_at: datetime
    dirty_at: datetime
    parent_deleted: bool
