"""Databases for tests: one embedded server for the whole run, a fresh migrated database for each test."""

import itertools
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bot.postgres import Cluster, ensure_running
from storage.database import address, create_engine
from storage.migrations import runner

TEMPLATE = "test_template"
_numbers = itertools.count(1)


async def execute(cluster: Cluster, statement: str) -> None:
    """Run one statement outside any transaction, on the server's maintenance database."""
    connection = await asyncpg.connect(address(cluster.dsn(database="postgres"), "postgresql"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def create_template(cluster: Cluster) -> None:
    """Make the migrated database that every test's own is copied from."""
    await execute(cluster, f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(cluster.dsn(database=TEMPLATE))
    try:
        await runner.upgrade(engine)
    finally:
        await engine.dispose()


@asynccontextmanager
async def fresh_database(cluster: Cluster, template: str = TEMPLATE) -> AsyncIterator[str]:
    """A database of its own (`postgresql+asyncpg://…`), dropped at the end. `template0` is an empty one."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await execute(cluster, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield cluster.dsn(database=name)
    finally:
        await execute(cluster, f"DROP DATABASE {name} WITH (FORCE)")


async def remove_cluster(data_dir: Path) -> None:
    """Stop the embedded server of a data folder, whoever started it, and remove its files (as root: elsewhere)."""
    async with await ensure_running(data_dir, lambda _: None) as cluster:
        home = cluster.home
    shutil.rmtree(home, ignore_errors=True)
