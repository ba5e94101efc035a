from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.export import read_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30:00+01:00", datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_date_is_read_with_its_offset_or_as_utc(text: str, expected: datetime) -> None:
    assert read_time(text) == expected
    assert read_time(text).tzinfo is not None


@pytest.mark.parametrize("text", ["", "yesterday", "01.03.2026", "2026-13-01"])
def test_what_is_no_date_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 2026-03-01"):
        read_time(text)
