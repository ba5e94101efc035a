"""The organisation, as its file says it: who has which role, which teams and services there are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.document import Document, packaged, read
from domain.approval import Role
from domain.directory import Service, Team

VARIABLE = "QD_CONFIG"

_MEMBER = re.compile(r"[UWS][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


@dataclass(frozen=True)
class Configuration:
    """`roles` holds Slack users and user groups, in the order of the file; roles that nobody has are left out."""

    roles: Mapping[Role, tuple[str, ...]]
    teams: Mapping[str, Team]
    services: Mapping[str, Service]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _member(text: str) -> str:
    if not _MEMBER.fullmatch(text):
        raise ValueError(
            f"“{text}” is no Slack id: write a member id (U…) or a user group's (S…), not a name"
        )
    return text


def _channel(text: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise ValueError(f"“{text}” is no Slack channel id: write the id (C…), not the name")
    return text


_Members = Annotated[tuple[Annotated[str, AfterValidator(_member)], ...], BeforeValidator(_as_list)]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Team(_Part):
    members: _Members = ()
    channel: Annotated[str, AfterValidator(_channel)] | None = None


class _Service(_Part):
    team: str | None = None


class _File(_Part):
    roles: Mapping[Role, _Members] = Field(default_factory=dict)
    teams: Mapping[_Name, _Team] = Field(default_factory=dict)
    services: Mapping[_Name, _Service | None] = Field(default_factory=dict)


def load(path: Path | None = None, sandbox: bool = False) -> Configuration:
    """The configuration of the file at `path`; without one the packaged one, which in the sandbox knows its people.

    Raises ConfigurationError with file, line and reason.
    """
    document = read(path or packaged("config-sandbox.yaml" if sandbox else "config.yaml"), VARIABLE)
    file = document.validate(_File)
    _check(document, file)
    return Configuration(
        roles={role: tuple(dict.fromkeys(members)) for role, members in file.roles.items() if members},
        teams={name: Team(name, each.members, each.channel) for name, each in file.teams.items()},
        services={name: Service(name, each.team if each else None) for name, each in file.services.items()},
    )


def _check(document: Document, file: _File) -> None:
    if Role.DEVELOPER in file.roles:
        document.refuse(["roles", Role.DEVELOPER.value], "everybody is a `developer`: remove this line")
    for name, service in file.services.items():
        team = service.team if service else None
        if team is not None and team not in file.teams:
            document.refuse(["services", name, "team"], f"there is no team `{team}`: add it under `teams`")
