"""An ask: one thing that one person wants, as it reached us."""

from dataclasses import dataclass
from datetime import datetime

from domain.card import Place


@dataclass(frozen=True)
class Ask:
    """`event_key` is the outside event's own id, by which a repetition is known. `place` is where the answer
    belongs. `text` is plain text, already unescaped. `said_at` is when the person said it. `spoken`: it came as a
    message, so that its answer is a card in `place`; otherwise the answer is private and goes with the ack.
    """

    event_key: str
    person: str
    place: Place
    text: str
    correlation_id: str
    said_at: datetime
    spoken: bool = False
