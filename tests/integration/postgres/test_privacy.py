"""Nobody but us gets in, and no folder of somebody else is changed."""

import contextlib
import os
import pwd
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from bot.postgres import claim, ensure_running
from domain.errors import ConfigurationError

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as another user")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_folders_are_closed(data_dir, open_cluster):
    cluster = await open_cluster(data_dir)
    assert mode(data_dir) == 0o700
    assert mode(cluster.home / "data") == 0o700
    assert mode(cluster.sockets) == 0o700
    assert mode(cluster.home) & 0o007 == 0
    assert mode(cluster.log) == 0o600


async def test_no_port_is_open(data_dir, open_cluster, find_server):
    await open_cluster(data_dir)
    server = find_server(data_dir)
    for process in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            assert process.net_connections("inet") == []


@only_root
async def test_another_user_gets_in_neither_by_the_folder_nor_by_the_socket(
    data_dir, open_cluster, find_server
):
    cluster = await open_cluster(data_dir)
    # The server's own copy: where we are installed may be closed to nobody.
    psql = Path(find_server(data_dir).exe()).with_name("psql")
    assert "Permission denied" in _connect_as_nobody(psql, cluster.sockets)
    for folder in (cluster.home, cluster.sockets):
        folder.chmod(0o711)
    (cluster.sockets / ".s.PGSQL.5432").chmod(0o777)
    refusal = _connect_as_nobody(psql, cluster.sockets)
    cluster.home.chmod(0o710)
    cluster.sockets.chmod(0o700)
    assert "Peer authentication failed" in refusal


def _connect_as_nobody(psql: Path, sockets: Path) -> str:
    nobody = pwd.getpwnam("nobody")
    run = subprocess.run(
        [psql, "--no-psqlrc", f"--host={sockets}", "--username=postgres", "--command=SELECT 1", "postgres"],
        capture_output=True,
        text=True,
        check=False,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
    )
    assert run.returncode != 0
    return run.stderr


def test_an_empty_folder_is_closed(empty_dir):
    empty_dir.mkdir(mode=0o755)
    claim(empty_dir).release()
    assert mode(empty_dir) == 0o700


def test_an_open_folder_with_other_files_is_refused_and_left_alone(empty_dir):
    empty_dir.mkdir(mode=0o755)
    (empty_dir / "thesis.txt").touch()
    with pytest.raises(ConfigurationError, match="chmod 700"):
        claim(empty_dir)
    assert mode(empty_dir) == 0o755


@only_root
def test_the_folder_of_another_user_is_refused(empty_dir):
    empty_dir.mkdir(mode=0o700)
    os.chown(empty_dir, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(ConfigurationError, match="run Quarterdeck as its owner"):
        claim(empty_dir)


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="pass another --data-dir"):
        claim(tmp_path / "file")


async def test_another_major_version_is_one_sentence(data_dir, told, open_cluster):
    cluster = await open_cluster(data_dir)
    await cluster.close()
    (cluster.home / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigurationError, match=r"of PostgreSQL 16, and this Quarterdeck brings 18"):
        await ensure_running(data_dir, told.append)
    (cluster.home / "data" / "PG_VERSION").write_text("18\n")


async def test_a_server_that_cannot_start_names_reason_and_log(data_dir, told, open_cluster):
    cluster = await open_cluster(data_dir)
    await cluster.close()
    settings = cluster.home / "data" / "postgresql.conf"
    proper = settings.read_text()
    settings.write_text(f"{proper}\nshared_buffers = 'plenty'\n")
    with pytest.raises(ConfigurationError) as failure:
        await ensure_running(data_dir, told.append)
    settings.write_text(proper)
    assert str(cluster.log) in failure.value.sentence
    assert "postgresql.conf" in failure.value.sentence
    assert "\n" not in failure.value.sentence
