"""Which user of the machine runs the server: ourselves, or a system user of its own when we are root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from domain.errors import ConfigurationError

SYSTEM_USER = "quarterdeck-pg"
_CREATORS = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
     "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ("adduser", "--system", "--group", "--no-create-home", "--home", "/nonexistent", "--quiet", SYSTEM_USER),
)  # fmt: skip


class SpawnOptions(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A user of this machine, by the name that peer authentication sees."""

    name: str
    uid: int
    gid: int

    def spawn_options(self) -> SpawnOptions:
        """What `subprocess` needs to start a program as this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def own_account() -> Account:
    """Raises ConfigurationError when our user id has no name, because Postgres knows users by name only."""
    try:
        return _account(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise ConfigurationError(
            f"User id {os.geteuid()} has no name on this machine, which PostgreSQL needs: "
            "add it to the user list, or set DATABASE_URL to a PostgreSQL server of your own."
        ) from None


def server_account(announce: Callable[[str], None]) -> Account:
    """Ourselves; or as root, which PostgreSQL refuses to run under, a system user that is made at need."""
    if os.geteuid() != 0:
        return own_account()
    return find_system_account() or _create_system_account(announce)


def find_system_account() -> Account | None:
    try:
        return _account(pwd.getpwnam(SYSTEM_USER))
    except KeyError:
        return None


def _create_system_account(announce: Callable[[str], None]) -> Account:
    failure = "this system has neither useradd nor adduser"
    for command in _CREATORS:
        if shutil.which(command[0]) is None:
            continue
        run = subprocess.run(  # noqa: S603 - the words are constants
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        # Another process may have created it in between; what counts is that it is there.
        if account := find_system_account():
            if run.returncode == 0:
                announce(f"Created the system user {SYSTEM_USER}: PostgreSQL does not run as root.")
            return account
        failure = f"{command[0]} said: {' '.join(run.stderr.split())}"
    raise ConfigurationError(
        f"PostgreSQL does not run as root and the system user {SYSTEM_USER} could not be made ({failure}): "
        "create it, start Quarterdeck as an ordinary user, or set DATABASE_URL."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
