"""JSON for everything the engine stores. Never pickle: whoever could write a row could run code."""

import json
from typing import Any, TypeVar, cast

from dbos import Serializer

from workflows.engine.failure import RecordedError, StepError

T = TypeVar("T")
ERROR = "__error__"


def encode(value: object) -> str:
    """`value` as JSON text. Raises TypeError for what JSON cannot hold."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: T) -> T:
    """`value` as a replay will see it (a tuple becomes a list), so that the first run sees the same."""
    return cast("T", json.loads(encode(value)))


class JsonSerializer(Serializer):
    """Values as JSON; an error as its kind and message."""

    def serialize(self, data: Any) -> str:
        return encode({ERROR: _describe(data)} if isinstance(data, BaseException) else data)

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and value.keys() == {ERROR}:
            return StepError(*value[ERROR])
        return value

    def name(self) -> str:
        return "json"


def _describe(error: BaseException) -> list[str]:
    if isinstance(error, RecordedError):
        return [error.kind, error.message]
    return [type(error).__name__, str(error)]
