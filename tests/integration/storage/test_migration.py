"""The schema: up, down and up again, by one process or by many at once, and never by a version that is too old."""

import asyncio
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

import storage.schema
from bot.postgres import Cluster
from domain.errors import ConfigurationError
from storage.database import create_engine, metadata
from storage.migrations import runner
from tests.support.store import fresh_database

OBJECTS = """
SELECT 'table' AS kind, relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'i') AND relname NOT LIKE 'alembic%'
UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


async def objects(engine: AsyncEngine) -> list[tuple[str, str]]:
    """Everything that a migration made, by kind and name."""
    async with engine.connect() as connection:
        return [(row.kind, row.name) for row in await connection.execute(text(OBJECTS))]


async def test_up_down_and_up_again(empty: AsyncEngine) -> None:
    await runner.upgrade(empty)
    full = await objects(empty)
    assert ("table", "card") in full
    assert (await runner.read(empty)).revision == runner.head()

    await runner.downgrade(empty, "base")
    assert await objects(empty) == []

    await runner.upgrade(empty)
    assert await objects(empty) == full


async def test_schema_is_what_the_code_declares(empty: AsyncEngine) -> None:
    await runner.upgrade(empty)
    async with empty.begin() as connection:
        # The engine beside us keeps tables of its own in the same database.
        await connection.execute(text("CREATE SCHEMA dbos CREATE TABLE dbos.workflow_status (id text)"))
        assert storage.schema.TABLES
        assert await connection.run_sync(_differences) == []


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return [each for each in found if not str(each).startswith("('remove_table', Table('alembic_version'")]


async def test_many_processes_migrate_at_once(cluster: Cluster) -> None:
    async with fresh_database(cluster, "template0") as url:
        engines = [create_engine(url) for _ in range(5)]
        try:
            await asyncio.gather(*(runner.upgrade(engine) for engine in engines))
            async with engines[0].connect() as connection:
                revisions = (await connection.execute(text("SELECT version_num FROM alembic_version"))).all()
        finally:
            for engine in engines:
                await engine.dispose()
    assert [row.version_num for row in revisions] == [runner.head()]


async def test_database_newer_than_the_code_is_refused_and_left_alone(empty: AsyncEngine) -> None:
    await runner.upgrade(empty)
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = await objects(empty)

    with pytest.raises(ConfigurationError) as refusal:
        await runner.upgrade(empty)

    assert "revision 9999" in refusal.value.sentence
    assert "Start that version, or point DATABASE_URL at another database." in refusal.value.sentence
    assert await objects(empty) == before


async def test_failed_migration_leaves_nothing(empty: AsyncEngine) -> None:
    """The last table is in the way: what was made before it is gone again."""
    async with empty.begin() as connection:
        await connection.execute(text("CREATE TABLE audit (mine text)"))
    with pytest.raises(Exception, match="audit"):
        await runner.upgrade(empty)
    assert await objects(empty) == [("table", "audit")]
