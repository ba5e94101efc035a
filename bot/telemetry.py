"""Logs: one line an event with its correlation id, readable on a terminal, JSON otherwise, never with a secret."""

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import structlog

_SHAPES = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|whsec_[\w+/=-]{8,}|sk-[\w-]{16,}|gh[pousr]_\w{20,}"
    r"|(?<=[Bb]earer )[\w.~+/=-]{8,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|(?<=ticket=)[\w-]{8,}"
)
_QUIET = ("slack_bolt", "slack_sdk", "aiohttp", "apscheduler", "alembic", "asyncio", "httpx")
HIDDEN = "[hidden]"


class Redaction(logging.Formatter):
    """Formats with another formatter and hides, in the finished line, known secrets and what has their shape."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        spellings = {spelling for secret in secrets if len(secret) >= 4 for spelling in _spell(secret)}
        known = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        if self._known is not None:
            line = self._known.sub(HIDDEN, line)
        return _SHAPES.sub(HIDDEN, line)


def _spell(secret: str) -> set[str]:
    """A secret as it is, as Python shows it as text or bytes, and each of these as JSON writes it."""
    plain = {secret, repr(secret)[1:-1], repr(secret.encode(errors="replace"))[2:-1]}
    return plain | {json.dumps(each, ensure_ascii=narrow)[1:-1] for each in plain for narrow in (True, False)}


class ErrorStream(logging.StreamHandler[TextIO]):
    """Standard error. A call that cannot be formatted is named; `logging` itself would print its arguments, bare."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is given
        with contextlib.suppress(OSError, ValueError):  # the stream itself may be gone
            self.stream.write(f"A log call cannot be formatted: {record.pathname}, line {record.lineno}\n")


def configure(*, level: str, form: str, secrets: Iterable[str]) -> None:
    """Send every log of the process to standard error. `form` is `text`, `json` or `auto` (text on a terminal)."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = ErrorStream(sys.stderr)
    handler.addFilter(_is_worth_a_line)
    handler.setFormatter(Redaction(_formatter(as_text=as_text), secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        # Spares the work of making what is not shown.
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Bolt gives its loggers the root's level, whatever their parent has, and shows whole bodies at DEBUG."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in _QUIET


def _formatter(*, as_text: bool) -> logging.Formatter:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if as_text else "iso", utc=not as_text),
    ]
    if as_text:
        # Where the package rich is installed, structlog would show the local variables of every frame.
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        last: list[Any] = [
            structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, exception_formatter=plain)
        ]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
