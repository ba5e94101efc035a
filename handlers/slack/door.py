"""What every listener gets beside the payload."""

from dataclasses import dataclass

from domain.chat import Identity
from workflows.services import Services


@dataclass(frozen=True)
class Door:
    """`names` leads from a slash command's configured name (without slash) to ours: `run` to `execute`."""

    services: Services
    identity: Identity
    names: dict[str, str]
