"""Tell the weather (a database that is away, a deadlock) from mistakes, so that a workflow waits it out.

DBOS repeats an operation after an error that SQLAlchemy marks as a lost connection. Some others it knows by
psycopg's class and wording; but a refused connection is worded anew in the psycopg of today, and asyncpg's errors
it does not know at all. Without the mark a workflow fails for good because Postgres restarts.
"""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.exc import OperationalError

# Serialization failure, deadlock, a session ended for idling; then the classes of connection trouble, lack of
# resources and operator intervention, but for a query that was cancelled: repeating it would undo that.
TRANSIENT_STATES = {"40001", "40P01", "25P03"}
TRANSIENT_CLASSES = {"08", "53", "57"}
QUERY_CANCELED = "57014"
CONNECTION_FAILURE = "08006"


def translate(engine: Engine) -> None:
    """Mark transient errors of `engine` with `DBAPIError.connection_invalidated`. Harmless twice."""
    if not event.contains(engine, "do_connect", _connect):
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "handle_error", _mark)


def _connect(dialect: Dialect, _record: Any, args: Any, parameters: Any) -> Any:
    """Connect as the dialect does, but asyncpg's bare OSError becomes an error of the driver."""
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
    if is_transient(getattr(error, "sqlstate", None)) or _came_from_no_server(context):
        context.is_disconnect = True
    return None


def is_transient(state: str | None) -> bool:
    """Whether an SQLSTATE names weather rather than a mistake."""
    if state is None or state == QUERY_CANCELED:
        return False
    return state in TRANSIENT_STATES or state[:2] in TRANSIENT_CLASSES


def _came_from_no_server(context: ExceptionContext) -> bool:
    """An operational error of psycopg without a SQLSTATE is libpq's own: it did not reach the server."""
    error = context.original_exception
    operational = getattr(context.dialect.loaded_dbapi, "OperationalError", ())
    return isinstance(error, operational) and getattr(error, "sqlstate", None) is None
