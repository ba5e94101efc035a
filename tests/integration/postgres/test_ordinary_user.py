"""The same promises without root, and the paths that only an ordinary user's data folder has."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bot.postgres import ensure_running
from domain.errors import ConfigurationError

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[2]
_PROMISES = [
    "test_ordinary_user.py",
    "test_privacy.py",
    "test_cluster.py::test_first_start_makes_a_database_of_our_own",
    "test_cluster.py::test_rows_outlive_a_restart",
    "test_cluster.py::test_a_killed_user_is_not_counted",
    "test_cluster.py::test_acknowledged_rows_survive_a_killed_server",
    "test_cluster.py::test_stops_and_starts_do_not_cross",
]

only_ordinary = pytest.mark.skipif(os.geteuid() == 0, reason="root's database is in the system's folder")


def _reachable(path: Path) -> bool:
    """Whether a user without any right of its own reaches and reads this."""
    path = path.resolve()
    passable = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
    return passable and bool(path.stat().st_mode & stat.S_IROTH)


def _find_interpreter() -> str | None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/local/bin/python{version}", f"/usr/bin/python{version}"):
        if Path(candidate).exists() and _reachable(Path(candidate)):
            return candidate
    return None


@pytest.fixture
def playground() -> Iterator[Path]:
    """A folder that the user `nobody` owns and reaches; pytest's own are closed."""
    nobody = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="qd-test-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests here already run as an ordinary user")
def test_the_promises_hold_for_an_ordinary_user(playground):
    interpreter = _find_interpreter()
    if interpreter is None:
        pytest.skip(
            f"no Python {sys.version_info.major}.{sys.version_info.minor} that the user nobody may run"
        )
    libraries = Path(asyncpg.__file__).parents[1]
    if not (_reachable(libraries) and _reachable(_REPOSITORY / "bot")):
        pytest.skip("the repository or its libraries lie in a folder that the user nobody may not enter")
    nobody = pwd.getpwnam("nobody")
    command = [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"--basetemp={playground / 'base'}", *(str(_HERE / name) for name in _PROMISES)]
    run = subprocess.run(
        command,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": f"{_REPOSITORY}:{libraries}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(playground),
        },
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout


@only_ordinary
@pytest.mark.parametrize("name", ["long" * 40, "with 'quotes', \"$(touch broken)\", commas:and colons"])
async def test_any_folder_name_works(tmp_path, told, name):
    data_dir = tmp_path / name
    async with await ensure_running(data_dir, told.append) as cluster:
        assert not cluster.sockets.is_relative_to(data_dir)
        assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
        async with await ensure_running(data_dir, told.append) as again:
            assert again.sockets == cluster.sockets
        connection = await asyncpg.connect(cluster.dsn().replace("+asyncpg", ""))
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    assert not cluster.sockets.exists()
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o755)
    (cluster.home / "socket.path").write_text(f"{trap}\n")
    async with await ensure_running(data_dir, told.append) as cluster:
        assert cluster.sockets != trap
    assert not list(_REPOSITORY.glob("broken")) + list(cluster.home.rglob("broken"))


@only_ordinary
async def test_a_folder_that_we_may_not_write_is_one_sentence(tmp_path, told):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match=r"Could not use the data folder .*pass another --data-dir"):
        await ensure_running(tmp_path / "data", told.append)
    tmp_path.chmod(0o700)
