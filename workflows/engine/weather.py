"""Tell the weather (a database that is away, a deadlock) from mistakes, so that a workflow waits it out.

DBOS repeats an operation after an error that SQLAlchemy marks as a lost connection. Some others it knows by
psycopg's class and wording; but a refused connection is worded anew in the psycopg of today, and asyncpg's errors
it does not know at all. Without the mark a workflow fails for good because Postgres restarts.
"""

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

# Serialization failure, deadlock, a session ended for idling; then the classes of connection trouble, lack of
# resources and operator intervention, but for a query that was cancelled: repeating it would undo that.
TRANSIENT_STATES = {"40001", "40P01", "25P03"}
TRANSIENT_CLASSES = {"08", "53", "57"}
QUERY_CANCELED = "57014"


class PatientEngine(Engine):
    """Another engine's pool, where whatever keeps a connection from us is marked as weather too: a refused
    connection is a bare OSError of asyncpg, and a pool that is stuck a TimeoutError of SQLAlchemy.
    """

    def raw_connection(self) -> PoolProxiedConnection:
        try:
            return super().raw_connection()
        except (OSError, PoolTimeoutError) as error:
            raise OperationalError(None, None, error, connection_invalidated=True) from error


def share_patiently(database: AsyncEngine) -> AsyncEngine:
    """An engine on the connections of `database`, for transactions that wait the weather out."""
    shared = database.sync_engine
    mark(shared)
    return AsyncEngine(PatientEngine(shared.pool, shared.dialect, shared.url, hide_parameters=True))


def mark(engine: Engine) -> None:
    """Mark transient errors of `engine` with `DBAPIError.connection_invalidated`. Harmless twice."""
    if not event.contains(engine, "handle_error", _mark):
        event.listen(engine, "handle_error", _mark)


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
