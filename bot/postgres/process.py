"""Starts the programs that this package needs, each with an environment and a user of its own."""

import os
import subprocess
from pathlib import Path

from bot.postgres.account import Account

# Nothing of our own environment: PGPORT, PGOPTIONS, a locale or a library path would change what runs.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def run(command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a program as ourselves, with `text` as its input; its status is for the caller to judge."""
    return subprocess.run(  # noqa: S603 - our own words and programs
        command, env=_ENVIRONMENT, input=text, capture_output=True, text=True, check=False
    )


def run_as(account: Account, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in a folder as another user."""
    return subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
        **account.spawn_options(),
    )


def spawn_as(account: Account, command: list[str], folder: Path, output: int) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that a Ctrl-C at our terminal does not cut it short."""
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        umask=0o077,
        **account.spawn_options(),
    )
