import logging

import pytest

from domain.errors import NotAllowed
from handlers.slack.errors import apologize


def test_a_refusal_is_told_in_its_own_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        content = apologize(NotAllowed("T-12 is not yours."), "Command /cancel")

    assert content.text == "T-12 is not yours."
    assert "Traceback" not in caplog.text


def test_an_unexpected_error_is_logged_in_full_and_told_without_it(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise RuntimeError("connection to 10.0.0.5 lost")
    except RuntimeError as error:
        content = apologize(error, "Command /execute")

    assert "recorded" in content.text
    assert "10.0.0.5" not in content.text
    assert "`/qd status`" in content.text
    assert "Command /execute failed" in caplog.text
    assert "connection to 10.0.0.5 lost" in caplog.text
