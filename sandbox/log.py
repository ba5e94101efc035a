"""What happened at the protocol: every Web API call and every envelope, newest last, bounded."""

import itertools
import logging
import time
from collections import deque
from typing import Any

KEPT = 5000
logger = logging.getLogger("sandbox")

Entry = dict[str, Any]


class Log:
    """A bounded record of calls and envelopes."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def add(self, kind: str, **data: Any) -> Entry:
        """Append an entry: `id`, `kind` (`call`, `envelope`, …), `at` (epoch seconds), and `data`."""
        entry: Entry = {"id": next(self._numbers), "kind": kind, "at": time.time(), **data}
        self._entries.append(entry)
        return entry

    def warn_aloud(self, kind: str, sentence: str, **data: Any) -> None:
        """Append an entry and say it aloud on stderr too."""
        self.add(kind, warning=sentence, **data)
        logger.warning(sentence)

    def entries(self, after: int = 0, limit: int = KEPT, kind: str | None = None) -> list[Entry]:
        """Return the newest `limit` entries with a number above `after`, oldest first."""
        found = [entry for entry in self._entries if entry["id"] > after and kind in (None, entry["kind"])]
        return found[-limit:] if limit > 0 else []

    def clear(self) -> None:
        """Forget every entry; numbers go on."""
        self._entries.clear()
