"""What goes wrong on request: the faults a person or a test has ordered and that are still to happen."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class CallFault:
    """A Web API method that fails `times` more times (0 means until cleared)."""

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    times: int = 1
    after: bool = False
    endless: bool = False

    def matches(self, method: str) -> bool:
        """Tell whether this fault is meant for `method` (`*` is meant for all)."""
        return self.method in ("*", method) and (self.endless or self.times > 0)


@dataclass(slots=True)
class Faults:
    """The ordered faults. Those of sockets that happen at once (drop, refresh, mute) are not kept here."""

    refuse_connections_until: float = 0.0
    duplicate_next: int = 0
    handshake_delay_ms: float = 0.0
    api_latency_ms: float = 0.0
    revoked: bool = False
    calls: list[CallFault] = field(default_factory=list)

    def take_call(self, method: str) -> CallFault | None:
        """Use up one of the failures ordered for `method`, if there is one."""
        for fault in self.calls:
            if fault.matches(method):
                fault.times -= 1
                self.calls = [kept for kept in self.calls if kept.endless or kept.times > 0]
                return fault
        return None

    def take_duplicate(self) -> bool:
        """Use up one ordered duplication."""
        if self.duplicate_next <= 0:
            return False
        self.duplicate_next -= 1
        return True

    def clear(self) -> None:
        """Order nothing any more."""
        self.refuse_connections_until = 0.0
        self.duplicate_next = 0
        self.handshake_delay_ms = 0.0
        self.api_latency_ms = 0.0
        self.revoked = False
        self.calls = []
