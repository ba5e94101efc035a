"""An audit entry: who did what to which object. Ids and digests, never a person's words."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AuditEntry:
    """`actor` is a Slack user id, or `system`; it is stored as a pseudonym. `facts` holds ids, states and digests."""

    action: str
    object_type: str
    object_id: str
    actor: str
    correlation_id: str
    facts: dict[str, str | int | bool | None] = field(default_factory=dict)
