"""As root the server runs under a user of its own, in the system's folder for variable data."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.postgres import ensure_running
from bot.postgres.account import SYSTEM_USER
from bot.postgres.binary import find_binaries
from bot.postgres.folder import SYSTEM_FOLDER
from domain.errors import ConfigurationError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="this is about root")


async def test_the_server_is_not_root(data_dir, open_cluster, find_server):
    cluster = await open_cluster(data_dir)
    server = find_server(data_dir)
    assert server.username() == SYSTEM_USER
    assert cluster.home.parent == SYSTEM_FOLDER
    assert cluster.home.stat().st_uid == 0
    assert (cluster.home / "data").stat().st_uid == pwd.getpwnam(SYSTEM_USER).pw_uid


_COME_AND_GO = """
import asyncio, sys
from pathlib import Path
from bot.postgres import ensure_running

async def main():
    cluster = await ensure_running(Path(sys.argv[1]), lambda sentence: None)
    print(await cluster.close())

asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, of the package util-linux")
def test_a_root_that_may_not_look_into_other_users_processes_stops_it_too(data_dir, find_server):
    """The root of a container, as a rule."""
    weaker = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", sys.executable, "-c"]
    run = subprocess.run(
        [*weaker, _COME_AND_GO, data_dir],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "True\n", run.stderr
    assert find_server(data_dir) is None


async def test_a_lost_database_is_not_replaced_in_silence(empty_dir, told):
    gone = SYSTEM_FOLDER / "0a1b2c3d"
    _point(empty_dir, gone)
    with pytest.raises(ConfigurationError, match=f"was in {gone}, which is gone"):
        await ensure_running(empty_dir, told.append)


async def test_a_pointer_to_elsewhere_is_refused(empty_dir, told, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    _point(empty_dir, precious)
    with pytest.raises(ConfigurationError, match="which is no folder in"):
        await ensure_running(empty_dir, told.append)
    (empty_dir / "postgres.home").unlink()


def _point(data_dir: Path, home: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "postgres.home").write_text(f"{home}\n")


async def test_a_lost_pointer_begins_anew_and_keeps_the_old_files(data_dir, open_cluster):
    old = await open_cluster(data_dir)
    await old.close()
    pointer = data_dir / "postgres.home"
    kept = pointer.read_text()
    pointer.unlink()
    new = await open_cluster(data_dir)
    await new.close()
    shutil.rmtree(new.home)
    pointer.write_text(kept)
    assert new.home != old.home
    assert (old.home / "data" / "PG_VERSION").exists()


async def test_files_of_an_earlier_user_id_are_adopted(data_dir, open_cluster, connect):
    """A container made anew may give the system user another id."""
    cluster = await open_cluster(data_dir)
    await (await connect(cluster)).execute("CREATE TABLE kept AS SELECT 1 AS number")
    await cluster.close()
    for path in (cluster.home / "data", *(cluster.home / "data").rglob("*"), cluster.sockets):
        os.chown(path, 54321, 54321, follow_symlinks=False)
    connection = await connect(await open_cluster(data_dir))
    assert await connection.fetchval("SELECT number FROM kept") == 1


async def test_programs_in_a_closed_folder_are_copied_and_it_stays_closed(empty_dir, told, monkeypatch):
    shelf = Path(tempfile.mkdtemp(prefix="quarterdeck-test-", dir="/var/lib"))
    shelf.chmod(0o755)
    closed = Path(tempfile.mkdtemp(prefix="quarterdeck-test-"))
    try:
        package = find_binaries().root.parent
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, closed / folder.name, symlinks=True)
        monkeypatch.syspath_prepend(closed)
        async with await ensure_running(empty_dir, told.append, system_folder=shelf) as cluster:
            command = _command_of(cluster.home)
        assert command.is_relative_to(shelf)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        async with await ensure_running(empty_dir, told.append, system_folder=shelf) as cluster:
            assert _command_of(cluster.home) == command
    finally:
        shutil.rmtree(shelf)
        shutil.rmtree(closed)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """20 MB that root may write and everybody read."""
    small = Path(tempfile.mkdtemp(prefix="quarterdeck-test-", dir="/var/lib"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", small]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        small.rmdir()
        pytest.skip("this root may not mount a small disk")
    yield small
    subprocess.run(["umount", small], check=True)
    small.rmdir()


async def test_a_full_disk_is_one_sentence(empty_dir, told, small_disk):
    with pytest.raises(ConfigurationError, match="No space left on device"):
        await ensure_running(empty_dir, told.append, system_folder=small_disk)


def _command_of(home: Path) -> Path:
    pid = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
    return Path(f"/proc/{pid}/exe").readlink()
