"""A repository with commits that are names only: enough for changes and deployments to belong together."""

import hashlib
import time
import uuid
from dataclasses import dataclass

VERSIONS_KEPT = 1000
# Numbers count seconds from here, so that those of a sandbox started later are higher: a bot remembers longer.
FIRST_SECOND = 1_735_689_600


class Serial:
    """Numbers that grow, also over a restart."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the next number."""
        self._last = max(self._last + 1, int(time.time()) - FIRST_SECOND)
        return self._last


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request."""

    number: int
    title: str
    author: str
    branch: str
    base: str
    head: str


class Repository:
    """The main branch's newest commit, and the commit of each version that was deployed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = _hash(name, "main")
        self._undeployed: str | None = None
        self._versions: dict[str, str] = {}

    def open_change(self, number: int, title: str, author: str) -> Change:
        """Return a new change with one commit on its branch."""
        return Change(number, title, author, f"change-{number}", self.head, _hash(uuid.uuid4().hex))

    def merge(self, change: Change) -> str:
        """Put a change onto the main branch and return the commit it has become."""
        self.head = self._undeployed = _hash(change.head, "merged")
        return self.head

    def commit_of(self, version: str) -> str:
        """Return the commit of a version: a new version is what was merged last, if it is not deployed yet."""
        if version not in self._versions:
            if len(self._versions) >= VERSIONS_KEPT:
                self._versions.pop(next(iter(self._versions)))
            self._versions[version] = self._undeployed or _hash(self.name, version)
            self._undeployed = None
        return self._versions[version]


def _hash(*parts: str) -> str:
    return hashlib.sha1("\0".join(parts).encode(), usedforsecurity=False).hexdigest()
