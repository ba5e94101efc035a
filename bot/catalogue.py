"""The catalogue of actions, as its file says it. `docs/actions.md` explains every key."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from bot.catalogue_check import check
from bot.document import packaged, read
from domain.action import (
    Action,
    Catalogue,
    Effect,
    HttpCall,
    Parameter,
    ParameterType,
    PortCall,
    Risk,
    Undo,
    Value,
)

VARIABLE = "QD_ACTIONS"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"`pattern` is no regular expression: {error}") from None
    return value


def _method(value: str) -> str:
    if value not in METHODS:
        raise ValueError(f"`method` should be one of {', '.join(METHODS)}")
    return value


_Name = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Service = Annotated[StrictStr, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
_Text = Annotated[StrictStr, Field(min_length=1, max_length=300)]
_HeaderName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9-]{1,80}$")]
_Status = Annotated[StrictInt, Field(ge=100, le=599)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Parameter(_Part):
    type: ParameterType
    description: _Text
    required: StrictBool | None = None
    default: Any = None
    pattern: Annotated[StrictStr, AfterValidator(_pattern)] | None = None
    values: tuple[_Text, ...] = ()
    minimum: StrictInt | None = None
    maximum: StrictInt | None = None


class _Risk(_Part):
    operation: _Name
    resource: _Name = "service"
    environment: _Text | None = None
    reversible: StrictBool = True
    sensitive: StrictBool = False
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class _Success(_Part):
    statuses: Annotated[tuple[_Status, ...], Field(min_length=1)] = (200, 201, 202, 204)
    fields: Mapping[StrictStr, Any] = Field(default_factory=dict)


class _Http(_Part):
    method: Annotated[StrictStr, AfterValidator(_method)]
    address: _Text
    headers: Mapping[_HeaderName, StrictStr] = Field(default_factory=dict)
    body: Any = None
    success: _Success = _Success()
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 10.0
    retries: Annotated[StrictInt, Field(ge=0, le=10)] = 3
    idempotency_header: _HeaderName | None = None
    allow_private: StrictBool = False
    allow_link_local: StrictBool = False


class _Undo(_Part):
    action: _Name
    arguments: Mapping[_Name, StrictStr] = Field(default_factory=dict)


class _Action(_Part):
    description: _Text
    examples: Annotated[tuple[_Text, ...], Field(min_length=1)]
    effect: Effect
    risk: _Risk
    parameters: Mapping[_Name, _Parameter] = Field(default_factory=dict)
    http: _Http | None = None
    port: Annotated[StrictStr, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")] | None = None
    undo: _Undo | None = None


class _File(_Part):
    services: tuple[_Service, ...] = ()
    actions: Annotated[Mapping[_Name, _Action], Field(min_length=1)]


def load(path: Path | None = None) -> Catalogue:
    """The catalogue of the file at `path`, or the packaged one.

    Raises ConfigurationError with file, line and reason.
    """
    document = read(path or packaged("actions.yaml"), VARIABLE)
    file = document.validate(_File)
    for name, part in file.actions.items():
        if (part.http is None) == (part.port is None):
            document.refuse(["actions", name], f"`{name}` needs either `http` or `port`, and not both")
    actions = {name: _action(name, part) for name, part in file.actions.items()}
    catalogue = Catalogue(actions, file.services)
    check(document, catalogue)
    return catalogue


def _action(name: str, part: _Action) -> Action:
    undo = Undo(part.undo.action, dict(part.undo.arguments)) if part.undo else None
    return Action(
        name=name,
        description=part.description,
        examples=part.examples,
        parameters=tuple(_parameter(each, value) for each, value in part.parameters.items()),
        effect=part.effect,
        risk=Risk(**part.risk.model_dump()),
        call=_http(part.http) if part.http else PortCall(part.port or ""),
        undo=undo,
    )


def _parameter(name: str, part: _Parameter) -> Parameter:
    default: Value | None = part.default
    return Parameter(
        name=name,
        type=part.type,
        description=part.description,
        required=default is None if part.required is None else part.required,
        default=default,
        pattern=part.pattern,
        values=part.values,
        minimum=part.minimum,
        maximum=part.maximum,
    )


def _http(part: _Http) -> HttpCall:
    return HttpCall(
        method=part.method,
        address=part.address,
        headers=dict(part.headers),
        body=part.body,
        success_statuses=part.success.statuses,
        success_fields=dict(part.success.fields),
        timeout_seconds=part.timeout_seconds,
        retries=part.retries,
        idempotency_header=part.idempotency_header,
        allow_private=part.allow_private,
        allow_link_local=part.allow_link_local,
    )
