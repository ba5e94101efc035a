"""The embedded server: begins, serves, is shared, ends, and comes back from every kind of death."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import asyncpg
import psutil
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.postgres import claim, ensure_running
from domain.errors import ConfigurationError

_USER = """
import asyncio, sys
from pathlib import Path
from bot.postgres import claim, ensure_running

async def main(folder):
    with claim(folder):
        await ensure_running(folder, lambda sentence: None)
        print("up", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_first_start_makes_a_database_of_our_own(empty_dir, told, open_cluster, connect):
    connection = await connect(await open_cluster(empty_dir))
    row = await connection.fetchrow(
        """SELECT current_user::text AS role, rolsuper, rolcreatedb, pg_get_userbyid(datdba)::text AS owner,
                  pg_encoding_to_char(encoding) AS encoding, datlocprovider::text AS provider,
                  datlocale AS locale
             FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user"""
    )
    assert dict(row) == {
        "role": "quarterdeck",
        "rolsuper": False,
        "rolcreatedb": True,
        "owner": "quarterdeck",
        "encoding": "UTF8",
        "provider": "b",
        "locale": "C.UTF-8",
    }
    assert [sentence for sentence in told if "new database" in sentence]


async def test_settings(data_dir, open_cluster, connect):
    connection = await connect(await open_cluster(data_dir))
    rows = await connection.fetch("SELECT name, setting FROM pg_settings")
    settings = {row["name"]: row["setting"] for row in rows}
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "TimeZone": "UTC",
    }
    assert {name: settings[name] for name in wanted} == wanted
    assert settings["server_version"].startswith("18.")


async def test_both_drivers_reach_it_whatever_the_environment_says(data_dir, open_cluster, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "localhost")
    cluster = await open_cluster(data_dir)
    engine = create_async_engine(cluster.dsn("asyncpg"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_database()")) == "quarterdeck"
    await engine.dispose()
    plain = create_engine(cluster.dsn("psycopg"))
    with plain.connect() as blocking:
        assert blocking.scalar(text("SELECT current_user")) == "quarterdeck"
    plain.dispose()


async def test_rows_outlive_a_restart(data_dir, open_cluster, connect):
    first = await open_cluster(data_dir)
    connection = await connect(first)
    await connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    await first.close()
    connection = await connect(await open_cluster(data_dir))
    assert await connection.fetchval("SELECT text FROM note") == "kept"


async def test_the_last_user_stops_it(data_dir, open_cluster, find_server):
    first, second = await open_cluster(data_dir), await open_cluster(data_dir)
    server = find_server(data_dir)
    assert not await first.close()
    assert find_server(data_dir) == server
    assert await second.close()
    assert find_server(data_dir) is None
    assert not await second.close()


async def test_a_killed_user_is_not_counted(data_dir, open_cluster, find_server, spawn):
    killed = spawn(_USER, data_dir)
    assert killed.stdout.readline() == "up\n"
    server = find_server(data_dir)
    killed.kill()
    killed.wait()
    assert server.is_running()
    with claim(data_dir):
        cluster = await open_cluster(data_dir)
        assert find_server(data_dir) == server
        assert await cluster.close()
    assert find_server(data_dir) is None


async def test_a_second_up_says_so(data_dir, spawn):
    first = spawn(_USER, data_dir)
    assert first.stdout.readline() == "up\n"
    with pytest.raises(ConfigurationError) as refusal:
        claim(data_dir)
    assert refusal.value.sentence == (
        f"Another Quarterdeck (pid {first.pid}) already runs on {data_dir}; "
        "stop it or pass another --data-dir."
    )
    first.kill()
    first.wait()
    claim(data_dir).release()


async def test_acknowledged_rows_survive_a_killed_server(data_dir, open_cluster, connect, find_server, until):
    cluster = await open_cluster(data_dir)
    connection = await connect(cluster)
    await connection.execute("CREATE TABLE acknowledged (number integer)")
    numbers: list[int] = []

    async def insert() -> None:
        while True:
            await connection.execute("INSERT INTO acknowledged VALUES ($1)", len(numbers))
            numbers.append(len(numbers))

    inserting = asyncio.create_task(insert())
    await until(lambda: len(numbers) > 50, "fifty rows")
    find_server(data_dir).kill()
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        await inserting
    connection = await connect(await open_cluster(data_dir))
    found = {row["number"] for row in await connection.fetch("SELECT number FROM acknowledged")}
    assert found >= set(numbers)


async def test_a_start_waits_for_orphans_at_work(data_dir, open_cluster, connect, find_server):
    connection = await connect(await open_cluster(data_dir))
    orphan = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
    busy = "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '1 second' LOOP END LOOP; END $$"
    working = asyncio.create_task(connection.execute(busy))
    await asyncio.sleep(0)
    find_server(data_dir).kill()
    assert orphan.is_running()
    await (await connect(await open_cluster(data_dir))).fetchval("SELECT 1")
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    await asyncio.gather(working, return_exceptions=True)


async def test_the_watch_revives_it(data_dir, told, open_cluster, connect, find_server, until):
    cluster = await open_cluster(data_dir)
    watching = asyncio.create_task(cluster.watch(told.append))
    killed = find_server(data_dir)
    killed.kill()
    await until(lambda: find_server(data_dir) not in {None, killed}, "another server")
    await cluster.revive(told.append)
    assert await (await connect(cluster)).fetchval("SELECT 1") == 1
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert [sentence for sentence in told if "died" in sentence]


async def test_many_start_it_at_once(empty_dir, told, find_server):
    clusters = await asyncio.gather(*(ensure_running(empty_dir, told.append) for _ in range(5)))
    server = find_server(empty_dir)
    assert sorted(await asyncio.gather(*(cluster.close() for cluster in clusters)))[-1]
    assert len([sentence for sentence in told if "new database" in sentence]) == 1
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


async def test_stops_and_starts_do_not_cross(data_dir, told, connect, find_server):
    async def come_and_go() -> None:
        for _ in range(4):
            async with await ensure_running(data_dir, told.append) as cluster:
                assert await (await connect(cluster)).fetchval("SELECT 1") == 1

    await asyncio.gather(*(come_and_go() for _ in range(3)))
    assert find_server(data_dir) is None


async def test_a_start_that_was_cancelled_leaves_no_trace(empty_dir, told, find_server, open_cluster, until):
    starting = asyncio.create_task(ensure_running(empty_dir, told.append))
    await until(lambda: told, "a new database")
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    cluster = await open_cluster(empty_dir)
    assert await cluster.close()
    assert find_server(empty_dir) is None


async def test_files_that_were_cut_short_are_made_anew(data_dir, open_cluster, connect, find_home):
    await (await open_cluster(data_dir)).close()
    home = find_home(data_dir)
    (home / "data").rename(home / "new")
    connection = await connect(await open_cluster(data_dir))
    assert await connection.fetchval("SELECT 1") == 1


@pytest.fixture
def start_stranger() -> Iterator[Callable[[int], "subprocess.Popen[bytes]"]]:
    """Starts some program under a user id; it ends with the test."""
    strangers: list[subprocess.Popen[bytes]] = []

    def start(uid: int) -> "subprocess.Popen[bytes]":
        strangers.append(subprocess.Popen(["sleep", "60"], user=uid))
        return strangers[-1]

    yield start
    for stranger in strangers:
        stranger.kill()
        stranger.wait()


async def test_a_lock_file_with_the_pid_of_a_stranger_does_not_hinder(
    data_dir, open_cluster, find_home, start_stranger
):
    await (await open_cluster(data_dir)).close()
    lock = find_home(data_dir) / "data" / "postmaster.pid"
    stranger = start_stranger(lock.parent.stat().st_uid)
    lock.write_text(f"{stranger.pid}\n{lock.parent}\n{int(time.time())}\n5432\n/nowhere\n\n  0 0\nready   \n")
    if os.geteuid() == 0:
        os.chown(lock, lock.parent.stat().st_uid, -1)
    await open_cluster(data_dir)
    assert stranger.poll() is None


async def test_a_socket_that_was_removed_comes_back(data_dir, told, open_cluster, connect):
    cluster = await open_cluster(data_dir)
    for path in cluster.sockets.iterdir():
        path.unlink()
    again = await open_cluster(data_dir)
    assert again.sockets == cluster.sockets
    assert await (await connect(again)).fetchval("SELECT 1") == 1
    assert [sentence for sentence in told if "socket was removed" in sentence]


async def test_it_does_not_end_with_our_terminal(data_dir, open_cluster, find_server):
    await open_cluster(data_dir)
    server = find_server(data_dir)
    assert os.getsid(server.pid) != os.getsid(0)
    assert server.ppid() != os.getpid()


async def test_a_server_stopped_by_somebody_else_is_started_again(
    data_dir, open_cluster, connect, find_server
):
    await open_cluster(data_dir)
    find_server(data_dir).send_signal(signal.SIGTERM)
    assert await (await connect(await open_cluster(data_dir))).fetchval("SELECT 1") == 1


async def test_the_log_stays_small(data_dir, open_cluster):
    cluster = await open_cluster(data_dir)
    await cluster.close()
    with cluster.log.open("ab") as log:
        log.write(b"noise\n" * 2_000_000)
    await open_cluster(data_dir)
    assert cluster.log.stat().st_size < 100_000
