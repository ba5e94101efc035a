"""Bring a database to the schema of this code, safely with several processes starting at once."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import ConfigurationError

_LOCK = 0x71_75_61_72  # "quar"
OLDEST_POSTGRES = 150_000


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _check_known(connection: Connection, config: Config) -> None:
    current = MigrationContext.configure(connection).get_current_heads()
    strange = [revision for revision in current if revision not in _known(config)]
    if strange:
        raise ConfigurationError(
            f"The database is at revision {strange[0]}, which this version of Quarterdeck does not know: it was"
            " used by a newer one. Start that version, or point DATABASE_URL at another database."
        )


def _server_version(connection: Connection) -> int:
    return int(connection.execute(text("SHOW server_version_num")).scalar_one())


def _check_version(connection: Connection) -> None:
    version = _server_version(connection)
    if version < OLDEST_POSTGRES:
        raise ConfigurationError(
            f"Quarterdeck needs PostgreSQL 15 or newer, and DATABASE_URL leads to {version // 10_000}."
        )


def _upgrade(connection: Connection, revision: str) -> None:
    _check_version(connection)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config(connection)
    _check_known(connection, config)
    command.upgrade(config, revision)


def _downgrade(connection: Connection, revision: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    command.downgrade(_config(connection), revision)


@dataclass(frozen=True)
class Schema:
    """What stands in a database. `version` is PostgreSQL's (160_004 for 16.4), `revision` None in an empty one."""

    version: int
    revision: str | None


def _read(connection: Connection) -> Schema:
    revision = MigrationContext.configure(connection).get_current_heads()
    return Schema(_server_version(connection), revision[0] if revision else None)


async def read(engine: AsyncEngine) -> Schema:
    """Look without changing anything."""
    async with engine.connect() as connection:
        return await connection.run_sync(_read)


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Migrate up to `revision`. Raises ConfigurationError where the database is newer than the code, or
    PostgreSQL too old. Several processes may call it at once.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, revision)


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Migrate down to `revision` (`base` for an empty database)."""
    async with engine.begin() as connection:
        await connection.run_sync(_downgrade, revision)


def known() -> set[str]:
    """Every revision that this code knows."""
    return _known(_config())


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # noqa: S101 - the folder ships with the package
    return revision
