"""Logs as they leave the process: in both forms, with their correlation id, and never with a secret."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
from structlog.contextvars import bound_contextvars

from bot import telemetry

# Secrets of every kind of spelling: in JSON, in a traceback and in an address they look different.
SECRETS = [
    "hunter22-plain-token",
    "quo\"te\\back'slash",
    "pässwörd-ключ",
    "new\nline-secret",
    "p@ss/word%2F",
]
MARKS = ["hunter22", "quo", "ssw", "ключ", "\\u043a", "line-secret", "ss/word"]
LOG = logging.getLogger("quarterdeck.test")


class Terminal(io.StringIO):
    """Standard error: a terminal, or a pipe."""

    def __init__(self, *, tty: bool = False) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


Start = Callable[[], Terminal]


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(params=["text", "json"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, restored: None) -> Start:
    """Configures the logs in one form and then in the other; gives what the process writes.

    To be called in the test itself: pytest has put its own handlers in place by then, and they go.
    """

    def configure() -> Terminal:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        telemetry.configure(level="DEBUG", form=request.param, secrets=SECRETS)
        return terminal

    return configure


class Odd:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return f"<Odd {self._secret}>"


class OddError(Exception):
    def __str__(self) -> str:
        return repr(self.args)


def raise_with(secret: str) -> None:
    local = f"local {secret}"
    try:
        raise ValueError(f"inner {local!r} {secret}")
    except ValueError as error:
        raise OddError(secret, {"key": secret}, secret.encode()) from error


def log_exception(secret: str) -> None:
    try:
        raise_with(secret)
    except OddError:
        LOG.exception("It failed")


def log_wrongly(secret: str) -> None:
    LOG.info("%d of %s", secret)  # type: ignore[misc]  # that is the mistake  # noqa: PLE1206


WAYS: dict[str, Callable[[str], None]] = {
    "in the message": lambda secret: LOG.info("It is " + secret),  # noqa: G003
    "as an argument": lambda secret: LOG.info("It is %s", secret),
    "as a shown argument": lambda secret: LOG.info("It is %r and %s", secret, [secret, {secret: 1}]),
    "as bytes": lambda secret: LOG.info("It is %s", secret.encode()),
    "inside an object": lambda secret: LOG.info("It is %s", Odd(secret)),
    "as an extra field": lambda secret: LOG.info("It is", extra={"token": secret, "deep": {"in": [secret]}}),
    "as an extra object": lambda secret: LOG.info(
        "It is", extra={"thing": Odd(secret), "raw": secret.encode()}
    ),
    "in a traceback": log_exception,
    "in a call that cannot be formatted": log_wrongly,
    "in the stack": lambda secret: LOG.info("It is %s", secret, stack_info=True),
    "in an address": lambda secret: LOG.info("postgresql://user:%s@db/x", secret),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_no_secret_is_ever_written(start: Start, way: str, secret: str) -> None:
    stderr = start()
    with bound_contextvars(correlation_id=f"about-{secret}"):
        WAYS[way](secret)

    written = stderr.getvalue()
    assert written
    assert not [mark for mark in MARKS if mark in written], written


@pytest.mark.parametrize(
    "shown",
    [
        *("xoxb-{}", "xoxe.xoxp-1-{}", "xapp-1-A0123-{}", "whsec_{}", "sk-ant-{}", "ghp_{}", "Bearer {}"),
        *("postgresql://u:{}@db/x", "wss://wss-primary.example/link/?ticket={}&app_id=1"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_too(start: Start, shown: str) -> None:
    stderr = start()
    LOG.warning("It came with %s.", shown.format("0Aa1Bb2Cc3" * 4))

    assert telemetry.HIDDEN in stderr.getvalue()
    assert "0Aa1Bb2Cc3" not in stderr.getvalue()


def test_what_is_no_secret_stays(start: Start) -> None:
    stderr = start()
    LOG.info("T-12 of %s at http://127.0.0.1:8765/api/ with xoxb-sandbox", "U0DEV")

    assert "T-12 of U0DEV at http://127.0.0.1:8765/api/ with xoxb-sandbox" in stderr.getvalue()
    assert telemetry.HIDDEN not in stderr.getvalue()


def test_a_line_carries_the_correlation_id_and_its_fields(start: Start) -> None:
    stderr = start()
    with bound_contextvars(correlation_id="abc123"):
        LOG.warning("It is %s", "done", extra={"task": "T-12"})
    LOG.info("later")

    first, second = stderr.getvalue().splitlines()
    assert "abc123" in first
    assert "T-12" in first
    assert "It is done" in first
    assert "abc123" not in second


def test_a_call_that_cannot_be_formatted_is_named(start: Start) -> None:
    stderr = start()
    log_wrongly("x")
    assert "cannot be formatted" in stderr.getvalue()
    assert __file__ in stderr.getvalue()


def test_json_is_one_object_a_line(monkeypatch: pytest.MonkeyPatch, restored: None) -> None:
    terminal = Terminal(tty=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    telemetry.configure(level="INFO", form="auto", secrets=[])
    with bound_contextvars(correlation_id="abc123"):
        log_exception("x")

    (line,) = terminal.getvalue().splitlines()
    record = json.loads(line)
    assert record["event"] == "It failed"
    assert record["level"] == "error"
    assert record["logger"] == LOG.name
    assert record["correlation_id"] == "abc123"
    assert record["timestamp"].endswith("Z")
    assert "ValueError: inner" in record["exception"]


def test_a_terminal_gets_readable_lines(monkeypatch: pytest.MonkeyPatch, restored: None) -> None:
    terminal = Terminal(tty=True)
    monkeypatch.setattr(sys, "stderr", terminal)
    telemetry.configure(level="INFO", form="auto", secrets=[])
    LOG.info("It is done")
    log_exception("x")

    first, *traceback = terminal.getvalue().splitlines()
    assert "It is done" in first
    assert not first.startswith("{")
    assert any("ValueError: inner" in line for line in traceback)
    # No frame shows its local variables.
    assert "local = " not in terminal.getvalue().replace('local = f"local {secret}"', "")


def test_the_level_is_kept_and_libraries_are_quiet(monkeypatch: pytest.MonkeyPatch, restored: None) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    telemetry.configure(level="DEBUG", form="json", secrets=[])
    bolt = logging.getLogger("slack_bolt.AsyncApp")
    monkeypatch.setattr(bolt, "level", logging.DEBUG)  # as Bolt itself does
    bolt.debug("a whole body with the words of a person")
    LOG.debug("ours")
    assert "whole body" not in terminal.getvalue()
    assert "ours" in terminal.getvalue()

    telemetry.configure(level="ERROR", form="json", secrets=[])
    LOG.warning("less")
    assert "less" not in terminal.getvalue()
