"""An action: something Quarterdeck can do, as the catalogue declares it. A plan consists of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PRODUCTION = "production"
ENVIRONMENT = "environment"
"""The name of the parameter that says where an action acts; without an answer it is production."""

Value = str | int


class ParameterType(StrEnum):
    """What a parameter takes. `service` and `person` are checked against what is known, `version` has a digit."""

    STRING = "string"
    ENUM = "enum"
    INTEGER = "integer"
    SERVICE = "service"
    VERSION = "version"
    PERSON = "person"


class Effect(StrEnum):
    """What an action does to the world."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Parameter:
    """One argument of an action. `pattern` must match the whole value; `minimum` and `maximum` bound an integer."""

    name: str
    type: ParameterType
    description: str
    required: bool = True
    default: Value | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Risk:
    """Facts for the policy. `operation` is a word the policy knows (deploy, roll_back, restart, scale, delete, read,
    post …); `resource` what it acts on (service, database, infrastructure, network, secret, permission, data …);
    `cost` in whatever currency the policy counts in.
    """

    operation: str
    resource: str = "service"
    environment: str | None = None
    reversible: bool = True
    sensitive: bool = False
    cost: float = 0.0


@dataclass(frozen=True)
class Undo:
    """How to take an action back: another action with its arguments, templates over `{parameter}` and
    `{result.field}`.
    """

    action: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class HttpCall:
    """An HTTP request. `{parameter}` is filled in; `${NAME}` is taken from the environment when it is sent and stays
    out of plans, digests, cards and logs. `success` is the statuses that count and fields that the JSON answer must
    have. `idempotency_header` carries `<task>:<step>`; without it a call whose outcome is unknown is never repeated.
    `allow_private` lets the address be loopback or a private network, `allow_link_local` link-local and metadata
    hosts. `retries` come on top of the first attempt; `timeout_seconds` bounds each.
    """

    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    success_statuses: tuple[int, ...] = (200, 201, 202, 204)
    success_fields: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 10.0
    retries: int = 3
    idempotency_header: str | None = None
    allow_private: bool = False
    allow_link_local: bool = False


@dataclass(frozen=True)
class PortCall:
    """A typed action inside Quarterdeck, by its name (`chat.post`). These are idempotent by the step's key."""

    port: str


@dataclass(frozen=True)
class Action:
    """One entry of the catalogue."""

    name: str
    description: str
    examples: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    effect: Effect
    risk: Risk
    call: HttpCall | PortCall
    undo: Undo | None = None

    @property
    def idempotent(self) -> bool:
        """Whether the same call may be made again without a second effect."""
        return (
            isinstance(self.call, PortCall)
            or self.call.idempotency_header is not None
            or self.effect is Effect.READ
        )

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name, if there is one."""
        return next((each for each in self.parameters if each.name == name), None)


@dataclass(frozen=True)
class Catalogue:
    """Every action, by name, and the services that are known (names as people say them, lower case)."""

    actions: Mapping[str, Action]
    services: tuple[str, ...] = ()
