"""What an HTTP answer means: done, refused, weather, or not to be told. Also what of it is kept and shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

from domain.action import HttpCall
from domain.argument import clean

MOST_BYTES = 64 * 1024
MOST_FIELDS = 50
MOST_TEXT = 500
MOST_ERROR = 200
LEAST_SECRET = 4
"""Shorter values are no secrets, and hiding them would garble every sentence."""

NOT_DONE = frozenset({408, 425, 429, 503})
"""Statuses that say: not now, nothing was done."""
UNKNOWN = frozenset({502, 504})
"""Statuses of something in between, which does not know what became of the request."""


class Meaning(Enum):
    """`WEATHER`: certainly not done, may be repeated. `LOST`: perhaps done, may be repeated where that is harmless.
    `UNCLEAR`: perhaps done, and repeating would say no more.
    """

    DONE = auto()
    REFUSED = auto()
    WEATHER = auto()
    LOST = auto()
    UNCLEAR = auto()


@dataclass(frozen=True)
class Verdict:
    """One attempt. `reason` completes “… ”: `answered 503`; `retry_after` is in seconds."""

    meaning: Meaning
    reason: str
    status: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None


@dataclass(frozen=True)
class Answer:
    """An answer as it came: `body` is None where it is longer than `MOST_BYTES` or was cut off."""

    status: int
    body: bytes | None
    retry_after: str | None = None


def judge(answer: Answer, call: HttpCall, secrets: Mapping[str, str]) -> Verdict:
    """What the answer means by the call's success rule. `secrets` maps names to the values to hide."""
    status, fields = answer.status, _parse(answer.body)
    result = _keep(fields or {}, secrets)
    error = _error(fields or {}, secrets)
    if status in call.success_statuses:
        return _judge_success(answer, call, fields, result, error)
    reason = f"answered {status}{error}"
    if status in NOT_DONE:
        return Verdict(Meaning.WEATHER, reason, status, result, _seconds(answer.retry_after))
    return Verdict(Meaning.LOST if status in UNKNOWN else Meaning.REFUSED, reason, status, result)


def _judge_success(
    answer: Answer, call: HttpCall, fields: dict[str, Any] | None, result: dict[str, Any], error: str
) -> Verdict:
    status = answer.status
    if not call.success_fields:
        return Verdict(Meaning.DONE, f"answered {status}", status, result)
    if fields is None:
        size = "is longer than 64 KiB" if answer.body is None else "is no JSON object"
        reason = f"answered {status}, but what it says {size}"
        return Verdict(Meaning.UNCLEAR, reason, status)
    wrong = [name for name, wanted in call.success_fields.items() if not _is_same(fields.get(name), wanted)]
    if not wrong:
        return Verdict(Meaning.DONE, f"answered {status}", status, result)
    return Verdict(
        Meaning.REFUSED,
        f"answered {status}, but `{wrong[0]}` is not what it should be{error}",
        status,
        result,
    )


def _is_same(found: Any, wanted: Any) -> bool:
    """Equal, and neither a number where a truth value is wanted nor the other way round."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _parse(body: bytes | None) -> dict[str, Any] | None:
    """The JSON object of a body, None where it is none. NaN and the like are no JSON."""
    try:
        value = json.loads((body or b"").decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _keep(fields: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Fields small enough to be recorded, secrets hidden, without characters that a database refuses."""
    kept: dict[str, Any] = {}
    for name, value in list(fields.items())[:MOST_FIELDS]:
        if isinstance(value, str) or _is_small(value):
            kept[hide(clean(name)[:MOST_TEXT], secrets)] = _keep_value(value, secrets)
    return kept


def _is_small(value: Any) -> bool:
    """Whether it is worth keeping whole. `1e999` is read as infinite, which is no JSON any more."""
    try:
        return len(json.dumps(value, allow_nan=False)) <= MOST_TEXT
    except (ValueError, RecursionError):
        return False


def _keep_value(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return hide(clean(value), secrets)[:MOST_TEXT]
    if isinstance(value, dict):
        return {hide(clean(name), secrets): _keep_value(item, secrets) for name, item in value.items()}
    return [_keep_value(item, secrets) for item in value] if isinstance(value, list) else value


def _error(fields: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
    """`: out of disk`, from the usual fields; nothing where there is none."""
    found = [fields.get(name) for name in ("error", "message", "detail")]
    said = [each.get("message") if isinstance(each, dict) else each for each in found]
    text = " ".join(": ".join(each for each in said if isinstance(each, str) and each).split())
    shown = hide(clean(text), secrets).rstrip(".")
    if not shown:
        return ""
    return f": {shown if len(shown) <= MOST_ERROR else shown[: MOST_ERROR - 1] + '…'}"


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """The text with every secret replaced by its name, also where it is escaped for an address or JSON."""
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):
        if len(value) >= LEAST_SECRET:
            for spelling in {value, quote(value), quote(value, safe=""), json.dumps(value)[1:-1]}:
                text = text.replace(spelling, f"${{{name}}}")
    return text


def _seconds(header: str | None) -> float | None:
    """`Retry-After`: seconds, or a date."""
    if header is None:
        return None
    if header.strip().isdecimal() and len(header) <= 12:
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
