"""Locks of the kernel (flock): whoever dies, however it dies, holds nothing any more."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.postgres.folder import prepare_data_folder, told_as_sentence
from domain.errors import ConfigurationError

_POLL = 0.02
_PATIENCE = 2.0


class FileLock:
    """One open lock file; closing it, or dying, gives up what it holds."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with told_as_sentence("lock the data folder"):
            self._descriptor = os.open(path, flags, 0o600)

    def take(self, *, exclusive: bool) -> bool:
        """Tries once; a lock held in the other mode is given up first."""
        mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        with told_as_sentence("lock the data folder"):
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    async def wait(self, *, exclusive: bool, on_delay: Callable[[], None]) -> None:
        """Polls until the lock is ours; calls `on_delay` once if that takes more than two seconds."""
        patience: float | None = _PATIENCE
        while not self.take(exclusive=exclusive):
            await asyncio.sleep(_POLL)
            if patience is not None and (patience := patience - _POLL) <= 0:
                patience = None
                on_delay()

    def write(self, text: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read(self) -> str:
        return os.pread(self._descriptor, 100, 0).decode(errors="replace").strip()

    @property
    def closed(self) -> bool:
        return self._descriptor < 0

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
            self._descriptor = -1


@asynccontextmanager
async def exclusive(path: Path, on_delay: Callable[[], None]) -> AsyncIterator[None]:
    lock = FileLock(path)
    try:
        await lock.wait(exclusive=True, on_delay=on_delay)
        yield
    finally:
        lock.close()


class Claim:
    """The right of one `quarterdeck up` to a data folder, until it is released or the process ends."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(data_dir: Path) -> Claim:
    """Takes the data folder for this `up`, creating the folder at need.

    Raises ConfigurationError when another one holds it, or when the folder cannot be ours alone.
    """
    folder = prepare_data_folder(data_dir)
    lock = FileLock(folder / "up.lock")
    if lock.take(exclusive=True):
        lock.write(f"{os.getpid()}\n")
        return Claim(lock)
    holder = lock.read()
    lock.close()
    raise ConfigurationError(
        f"Another Quarterdeck (pid {holder or 'unknown'}) already runs on {folder}; "
        "stop it or pass another --data-dir."
    )
