"""What a server's first messages mean to us."""

import pytest

from bot.postgres.probe import Answer, read_answer, startup_message


def error(sqlstate: str) -> bytes:
    return b"SFATAL\0VFATAL\0C" + sqlstate.encode() + b"\0Mwhatever\0\0"


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        (b"Z", b"I", Answer.READY),
        (b"R", b"\0\0\0\0", None),
        (b"R", b"\0\0\0\x0a", Answer.REFUSED),
        (b"S", b"TimeZone\0UTC\0", None),
        (b"E", error("3D000"), Answer.EMPTY),
        (b"E", error("28000"), Answer.EMPTY),
        (b"E", error("57P03"), Answer.BUSY),
        (b"E", error("53300"), Answer.READY),
        (b"E", error("XX000"), Answer.REFUSED),
    ],
)
def test_each_message_has_one_meaning(kind, body, answer):
    assert read_answer(kind, body) is answer


def test_the_first_message_names_role_and_database_and_its_own_length():
    message = startup_message("role", "data")
    assert int.from_bytes(message[:4], "big") == len(message)
    assert message[8:] == b"user\0role\0database\0data\0\0"
