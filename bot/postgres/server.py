"""One server on its folder: made, configured, started, watched, told to stop. Its short calls block."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from bot.postgres.account import own_account
from bot.postgres.binary import MAJOR, Binaries
from bot.postgres.folder import PORT, Home, adopt, make_private, told_as_sentence
from bot.postgres.process import run, run_as, spawn_as
from domain.errors import ConfigurationError

DATABASE = "quarterdeck"
ROLE = "quarterdeck"
SUPERUSER = "postgres"

# What our promises rest on is given at every start.
_PROMISED = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
}
# The rest is set once, and may be changed in postgresql.conf.
_SET_ONCE = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_INITDB = (
    f"--username={SUPERUSER}",
    "--auth=peer",
    # The same order and the same case rules on every machine.
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    *(f"--set={name}={value}" for name, value in _SET_ONCE.items()),
)
_PROVISION = f"""
SELECT 'CREATE ROLE {ROLE} LOGIN CREATEDB'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') \\gexec
SELECT 'CREATE DATABASE {DATABASE} OWNER {ROLE}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
"""  # noqa: S608 - both names are constants of this file
_COMPLAINT = re.compile(r"(?:PANIC|FATAL|ERROR|error):\s*")
_NOBODY = 2**31 - 2  # a pid that no system gives out
_LARGEST_LOG = 8 * 1024 * 1024


@dataclass(frozen=True)
class Server:
    """The programs, the folder and the socket of one embedded server."""

    binaries: Binaries
    home: Home
    sockets: Path

    @property
    def socket(self) -> Path:
        return self.sockets / f".s.PGSQL.{PORT}"

    def postmaster(self) -> psutil.Process | None:
        """The living server process of this folder, and no stranger that got its old pid."""
        try:
            process = psutil.Process(int(self._lock_lines()[0]))
            living = process.status() != psutil.STATUS_ZOMBIE and self._is_ours(process)
        except (OSError, ValueError, psutil.Error):
            return None
        return process if living else None

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self.home.data)
        except psutil.AccessDenied:
            # Root in a container may usually not look into the processes of another user, except for this.
            return self._sockets_option in process.cmdline()

    @property
    def _sockets_option(self) -> str:
        return f"--unix_socket_directories={self.sockets}"

    def claims_ready(self) -> bool:
        """Whether the server wrote into its lock file that it accepts connections."""
        try:
            return self._lock_lines()[-1].startswith("ready")
        except OSError:
            return False

    def free_lock_file(self) -> None:
        """Frees the lock file of a dead server whose pid is still taken, by its zombie or by a stranger.

        PostgreSQL would refuse to start for as long as any process has that pid. The other lines stay: they
        name the shared memory, by which it still notices orphans. To be called when `postmaster` is None.
        """
        path = self.home.data / "postmaster.pid"
        if not path.exists() or self.postmaster() is not None:
            return
        self._write(path.name, "\n".join([str(_NOBODY), *self._lock_lines()[1:], ""]))
        self.socket.with_name(f"{self.socket.name}.lock").unlink(missing_ok=True)

    def _lock_lines(self) -> list[str]:
        return (self.home.data / "postmaster.pid").read_text().splitlines() or [""]

    def prepare(self) -> bool:
        """Makes the database files if there are none, and writes who may connect. True for new files."""
        with told_as_sentence(f"prepare the embedded PostgreSQL in {self.home.path}"):
            fresh = not (self.home.data / "PG_VERSION").exists()
            if fresh:
                self._initialise()
            adopt(self.home)
            self._check_version()
            self._write_access()
            self._trim_log()
        return fresh

    def launch(self) -> subprocess.Popen[bytes]:
        """`pg_ctl` detaches the server, waits for it, and ends with status 1 if the server ended first."""
        settings = [f"--{name}={value}" for name, value in _PROMISED.items()]
        options = shlex.join([*settings, self._sockets_option])
        command = [self.binaries.program("pg_ctl"), "start", "--wait", "--timeout=86400", "--silent"]
        # A relative folder, because pg_ctl puts it into a shell command.
        command += ["--pgdata=data", f"--options={options}"]
        with told_as_sentence("start the embedded PostgreSQL"), self._open_log() as log:
            return spawn_as(self.home.account, command, self.home.path, log.fileno())

    def provision(self) -> None:
        """Creates our role and our database where they are missing."""
        command = [self.binaries.program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        command += [
            f"--host={self.sockets}",
            f"--port={PORT}",
            f"--username={SUPERUSER}",
            "--dbname=postgres",
        ]
        result = run(command, _PROVISION)
        if result.returncode:
            raise self.failure("create its database", result.stderr)

    def interrupt(self) -> bool:
        """Asks for a fast shutdown: clients are cut off, everything is written. False if nothing runs."""
        process = self.postmaster()
        if process is not None:
            process.send_signal(signal.SIGINT)
        return process is not None

    def failure(self, doing: str, output: str) -> ConfigurationError:
        return ConfigurationError(
            f"The embedded PostgreSQL could not {doing}: {first_complaint(output)}; "
            f"mend that and start again (its log is {self.home.log})."
        )

    def _initialise(self) -> None:
        """Under another name first, so that an `initdb` that was cut short leaves nothing behind."""
        draft = self.home.path / "new"
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft, self.home.account)
        command = [self.binaries.program("initdb"), "--pgdata=new/data", *_INITDB]
        result = run_as(self.home.account, command, self.home.path)
        with self._open_log() as log:
            log.write((result.stdout + result.stderr).encode())
        if result.returncode:
            raise self.failure("make its files", result.stderr)
        if self.home.data.exists():
            self.home.data.rmdir()
        (draft / "data").rename(self.home.data)
        draft.rmdir()

    def _check_version(self) -> None:
        found = (self.home.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise ConfigurationError(
                f"The database in {self.home.data} is of PostgreSQL {found}, and this Quarterdeck brings "
                f"{MAJOR}: start the Quarterdeck that made it, or pass another --data-dir."
            )

    def _write_access(self) -> None:
        """Peer authentication for the server's own user and for us; whoever else connects is refused."""
        names = sorted({self.home.account.name, own_account().name})
        pairs = [f'qd "{name}" {role}\n' for name in names for role in (SUPERUSER, ROLE)]
        self._write("pg_hba.conf", "local all all peer map=qd\n")
        self._write("pg_ident.conf", "".join(pairs))

    def _write(self, name: str, text: str) -> None:
        path = self.home.data / name
        draft = path.with_suffix(".new")
        draft.write_text(text)
        draft.chmod(0o600)
        os.chown(draft, self.home.account.uid, -1)
        draft.replace(path)

    def _open_log(self) -> IO[bytes]:
        self.home.log.touch(mode=0o600)
        return self.home.log.open("ab")

    def _trim_log(self) -> None:
        """Keeps one older log. The server appends, so that the file may be emptied under it."""
        log = self.home.log
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def first_complaint(output: str) -> str:
    """The first line in which PostgreSQL says why, without its time stamp; else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [_COMPLAINT.split(line, maxsplit=1)[1] for line in lines if _COMPLAINT.search(line)]
    # Our own question whether it is up by now is answered, and logged, as an error.
    complaints = [complaint for complaint in complaints if not complaint.startswith("the database system is")]
    return (complaints[:1] or lines[-1:] or ["it said nothing"])[0]
