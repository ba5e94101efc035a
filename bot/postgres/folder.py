"""Where the server keeps its files, and who may look into them.

    as an ordinary user   <data dir>/postgres/            data/  run/  postgres.log  users.lock
    as root               /var/lib/quarterdeck/<id>/      the same, named by <data dir>/postgres.home

Only folders that were made here, or that are empty, change their mode, and then only towards 0700.
"""

import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.postgres.account import Account
from domain.errors import ConfigurationError

SYSTEM_FOLDER = Path("/var/lib/quarterdeck")
PORT = 5432
# A socket's address holds 104 bytes on macOS and 108 on Linux; the longest file there is `.s.PGSQL.5432`.
_LONGEST_SOCKET_FOLDER = 85
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+@-]+")
_OURS = {"up.lock", "postgres.lock", "postgres.home", "postgres"}
_PRIVATE = 0o700
_PUBLIC = 0o755


@dataclass(frozen=True)
class Home:
    """One server's folder, and the user that owns what is in it."""

    path: Path
    account: Account

    @property
    def is_own(self) -> bool:
        """Whether the server runs as the user that we are."""
        return self.account.uid == os.geteuid()

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    @property
    def users_lock(self) -> Path:
        return self.path / "users.lock"

    @property
    def socket_record(self) -> Path:
        return self.path / "socket.path"


@contextmanager
def told_as_sentence(doing: str) -> Iterator[None]:
    """Turns the operating system's refusal into a sentence that says what was being done."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ConfigurationError(
            f"Could not {doing}: {_reason(error)}{where}; make room or give access there, "
            "or pass another --data-dir."
        ) from error


def _reason(error: OSError) -> str:
    """The system's word; where a whole folder was copied, that on the first file that failed."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        return str(error.args[0][0][-1])
    return error.strerror or type(error).__name__


def prepare_data_folder(data_dir: Path) -> Path:
    """The data folder, absolute, existing, ours, and closed to everybody else.

    Raises ConfigurationError when it cannot be made so without touching what we did not make.
    """
    with told_as_sentence(f"use the data folder {data_dir}"):
        folder = data_dir.expanduser().resolve()
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        status = folder.stat()
        if status.st_uid != os.geteuid():
            raise ConfigurationError(
                f"The data folder {folder} belongs to user id {status.st_uid} and you are {os.geteuid()}: "
                "run Quarterdeck as its owner or pass another --data-dir."
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            _close_to_others(folder)
    return folder


def _close_to_others(folder: Path) -> None:
    names = {entry.name for entry in folder.iterdir()} - {"lost+found"}
    if names and not names & _OURS:
        raise ConfigurationError(
            f"The data folder {folder} is open to other users and holds files that are not Quarterdeck's: "
            f"run `chmod 700 {folder}` or pass another --data-dir."
        )
    folder.chmod(_PRIVATE)


def find_home(folder: Path, account: Account, system_folder: Path) -> Home:
    """The server's folder of a data folder; made at the first time. Call it under the data folder's lock."""
    with told_as_sentence("prepare the folder of the embedded PostgreSQL"):
        home = Home(folder / "postgres", account)
        if home.is_own:
            home.path.mkdir(mode=_PRIVATE, exist_ok=True)
            return home
        return _find_system_home(folder, account, system_folder)


def _find_system_home(folder: Path, account: Account, system_folder: Path) -> Home:
    pointer = folder / "postgres.home"
    if not pointer.exists():
        path = _make_system_home(account, system_folder)
        _write_private(pointer, f"{path}\n")
        return Home(path, account)
    path = Path(pointer.read_text().strip())
    if path.parent != system_folder or path.is_symlink():
        raise ConfigurationError(
            f"{pointer} names {path}, which is no folder in {system_folder}: mend that file."
        )
    if not path.is_dir():
        raise ConfigurationError(
            f"The database of {folder} was in {path}, which is gone: bring it back, "
            f"or remove {pointer} to begin with an empty database."
        )
    return Home(path, account)


def _make_system_home(account: Account, system_folder: Path) -> Path:
    """Root owns the folder, the server's group may pass through it, nobody else sees into it."""
    make_system_folder(system_folder)
    path = system_folder / secrets.token_hex(4)
    path.mkdir(mode=_PRIVATE)
    os.chown(path, 0, account.gid)
    path.chmod(0o710)
    return path


def make_system_folder(system_folder: Path) -> None:
    if not system_folder.exists():
        system_folder.mkdir()
        system_folder.chmod(_PUBLIC)
    status = system_folder.stat()
    if status.st_uid != 0 or status.st_mode & 0o022:
        raise ConfigurationError(
            f"{system_folder} can be written by others than root, so no database is put there: "
            f"run `chown root {system_folder} && chmod 755 {system_folder}`."
        )


def make_private(path: Path, account: Account) -> Path:
    """A folder for the server's user alone; one that is there already was made here."""
    path.mkdir(mode=_PRIVATE, exist_ok=True)
    if path.stat().st_uid != account.uid:
        os.chown(path, account.uid, account.gid)
    return path


def adopt(home: Home) -> None:
    """Gives the files to the server's user when its user id has changed, as in a container made anew."""
    if home.is_own or home.data.stat().st_uid == home.account.uid:
        return
    os.chown(home.path, 0, home.account.gid)
    for path in (home.data, *home.data.rglob("*")):
        os.chown(path, home.account.uid, home.account.gid, follow_symlinks=False)


def socket_folder(home: Home) -> Path:
    """A private folder whose path is short and plain enough for a socket; the same one every time."""
    usual = home.path / "run"
    if _fits(usual):
        return make_private(usual, home.account)
    if home.socket_record.exists():
        recorded = Path(home.socket_record.read_text().strip())
        if not recorded.exists():
            return make_private(recorded, home.account)
        if _is_private(recorded, home.account):
            return recorded
    path = _make_short(home.account)
    _write_private(home.socket_record, f"{path}\n")
    return path


def forget_socket_folder(home: Home) -> None:
    """Removes a short folder of the temporary folder; for when the server has stopped."""
    if home.socket_record.exists():
        path = Path(home.socket_record.read_text().strip())
        if _is_private(path, home.account):
            shutil.rmtree(path, ignore_errors=True)
        home.socket_record.unlink()


def _fits(path: Path) -> bool:
    text = str(path)
    return len(os.fsencode(text)) <= _LONGEST_SOCKET_FOLDER and _PLAIN_PATH.fullmatch(text) is not None


def _make_short(account: Account) -> Path:
    """Below the temporary folder and not the session's runtime folder, which a log-out would take away."""
    parents: list[Callable[[], str]] = [tempfile.gettempdir, lambda: "/tmp"]  # noqa: S108 - mkdtemp is safe there
    for parent in parents:
        path = Path(tempfile.mkdtemp(prefix="qd-", dir=parent()))
        if _fits(path):
            return make_private(path, account)
        path.rmdir()
    raise ConfigurationError(
        f"No folder is short enough for PostgreSQL's socket (tried {tempfile.gettempdir()} and /tmp): "
        "pass a shorter --data-dir."
    )


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _is_private(path: Path, account: Account) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == _PRIVATE
    return private and status.st_uid == account.uid
