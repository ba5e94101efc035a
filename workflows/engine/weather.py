"""Tell the weather (a database that is away, a deadlock) from mistakes, so that a transaction waits it out.

DBOS repeats a transactional step after an error that SQLAlchemy marks as a lost connection, and knows the
other transient errors of psycopg by their class. Ours come from asyncpg: here they get the same mark.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

# Serialization failure, deadlock, a session ended for idling; then the classes of connection trouble, lack of
# resources and operator intervention, but for a query that was cancelled: repeating it would undo that.
TRANSIENT_STATES = {"40001", "40P01", "25P03"}
TRANSIENT_CLASSES = {"08", "53", "57"}
QUERY_CANCELED = "57014"
CONNECTION_FAILURE = "08006"


def translate(engine: AsyncEngine) -> None:
    """Mark transient errors of `engine` with `DBAPIError.connection_invalidated`. Harmless twice."""
    target = engine.sync_engine
    if not event.contains(target, "do_connect", _connect):
        event.listen(target, "do_connect", _connect)
        event.listen(target, "handle_error", _mark)


def _connect(dialect: Dialect, _record: Any, args: Any, parameters: Any) -> Any:
    """Connect as the dialect does, but a refused connection is an error of the driver, not a bare OSError."""
    try:
        return dialect.connect(*args, **parameters)
    except OSError as error:
        failure = dialect.loaded_dbapi.Error(f"connection failed: {error}", error)
        failure.sqlstate = CONNECTION_FAILURE  # type: ignore[attr-defined]
        raise failure from error


def _mark(context: ExceptionContext) -> Exception | None:
    error = context.original_exception
    if context.sqlalchemy_exception is None and isinstance(error, OSError):
        return OperationalError(context.statement, None, error, connection_invalidated=True)
    if is_transient(getattr(error, "sqlstate", None)):
        context.is_disconnect = True
    return None


def is_transient(state: str | None) -> bool:
    """Whether an SQLSTATE names weather rather than a mistake."""
    if state is None or state == QUERY_CANCELED:
        return False
    return state in TRANSIENT_STATES or state[:2] in TRANSIENT_CLASSES
