"""Every change of the sandbox, numbered, for whoever watches: the page lives on it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEPT = 2000
LISTENER_ROOM = 5000

Change = dict[str, Any]


class Feed:
    """Numbered changes, the newest kept; a listener that falls too far behind is cut off and reloads."""

    def __init__(self) -> None:
        self._next = 1
        self._kept: deque[Change] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Queue[Change | None]] = set()

    @property
    def last_id(self) -> int:
        """The number of the newest change, 0 before the first."""
        return self._next - 1

    def publish(self, type_: str, **data: Any) -> None:
        """Tell every listener. `data` must not be mutated afterwards."""
        change: Change = {"id": self._next, "type": type_, **data}
        self._next += 1
        self._kept.append(change)
        for queue in list(self._listeners):
            self._offer(queue, change)

    def _offer(self, queue: asyncio.Queue[Change | None], change: Change) -> None:
        if queue.qsize() < LISTENER_ROOM:
            queue.put_nowait(change)
        else:
            self._listeners.discard(queue)
            queue.put_nowait(None)

    @contextmanager
    def listen(self, after: int | None = None) -> Iterator[asyncio.Queue[Change | None]]:
        """Yield a queue of changes, first the kept ones after `after`; a None in it ends the stream."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        if after is not None:
            for change in self._kept:
                if change["id"] > after:
                    queue.put_nowait(change)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """End every stream."""
        for queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()
