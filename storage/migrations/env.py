"""Alembic's entry: the connection is always handed in by `storage.migrations.runner`."""

from typing import Any

from alembic import context

import storage.schema
from storage.database import metadata

assert storage.schema.TABLES, "the tables register themselves when they are imported"  # noqa: S101


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    return kind != "schema" or name is None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_is_ours,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
