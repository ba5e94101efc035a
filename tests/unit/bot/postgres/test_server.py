"""What is made of PostgreSQL's own words."""

import pytest

from bot.postgres.server import first_complaint

_LOG = """\
2026-01-01 10:00:00.000 UTC [7] LOG:  starting PostgreSQL
2026-01-01 10:00:00.000 UTC [8] FATAL:  the database system is starting up
2026-01-01 10:00:00.000 UTC [7] FATAL:  could not write lock file "postmaster.pid": No space left on device
2026-01-01 10:00:00.000 UTC [7] PANIC:  cannot abort transaction 1, it was already committed
pg_ctl: could not start server
Examine the log output.
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (_LOG, 'could not write lock file "postmaster.pid": No space left on device'),
        ("initdb: error: could not create directory\n", "could not create directory"),
        ("something else\n\n", "something else"),
        ("", "it said nothing"),
    ],
)
def test_the_first_complaint_is_the_reason(output, reason):
    assert first_complaint(output) == reason
