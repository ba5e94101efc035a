"""Delegation: who decides in somebody's place, and until when."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

LONGEST = timedelta(days=14)

_WORDS = re.compile(
    r"<@(?P<person>[UW][A-Z0-9]+)(?:\|[^>]*)?>\s+"
    r"(?:until\s+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})|for\s+(?P<count>\d{1,3})\s*(?P<unit>minutes?|hours?|days?|m|h|d))",
    re.IGNORECASE,
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Delegation:
    """As it was said: a person, and either a time of the day or a span."""

    person: str
    at: time | None
    span: timedelta | None

    def until(self, now: datetime) -> datetime:
        """The end, from `now` (aware; its zone is the one the time of day is in): the next time it is that late."""
        if self.span is not None:
            return now + min(self.span, LONGEST)
        assert self.at is not None  # noqa: S101 - one of the two
        end = now.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        return end if end > now else end + timedelta(days=1)


def read_delegation(text: str) -> Delegation | None:
    """Read `<@U0LEAD> until 18:00` or `<@U0LEAD> for 2 hours`; anything else is None."""
    match = _WORDS.fullmatch(text.strip())
    if match is None:
        return None
    if match["hour"] is None:
        unit = _UNITS[match["unit"][0].lower()]
        return Delegation(match["person"], None, timedelta(**{unit: int(match["count"])}))
    if int(match["hour"]) > 23 or int(match["minute"]) > 59:
        return None
    return Delegation(match["person"], time(int(match["hour"]), int(match["minute"])), None)
