"""From an exception to what a person reads: only here."""

import logging

from blocks.notice import notice
from domain.card import Content
from domain.errors import QuarterdeckError

log = logging.getLogger(__name__)


def apologize(error: Exception, what: str) -> Content:
    """Log an error with its traceback and return the sentence for the person who met it."""
    if isinstance(error, QuarterdeckError):
        log.info("%s was refused: %s", what, error.sentence)
        return notice(error.sentence)
    log.error("%s failed", what, exc_info=error)
    return notice(
        "I could not confirm that this was recorded.",
        "`/qd status` shows whether it was; if not, please send it again in a moment.",
    )
