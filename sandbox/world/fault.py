"""What goes wrong at the deployer on request."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from sandbox.world.service import WorldError

Mode = Literal["error", "hang", "late", "lost", "body"]
MODES: tuple[Mode, ...] = get_args(Mode)
LATE_SECONDS = 15.0
MOST_FAULTS = 1000
_FILTERS = ("action", "service", "environment")


@dataclass(slots=True)
class DeployerFault:
    """Writes that go wrong `times` more times (0: until cleared); a filter that is None matches all.

    `delay_s` is in seconds of the sandbox's clock and counts for `late`, `status` for `error`.
    """

    mode: Mode
    times: int = 1
    status: int = 500
    delay_s: float = LATE_SECONDS
    action: str | None = None
    service: str | None = None
    environment: str | None = None
    endless: bool = False

    def matches(self, facts: dict[str, Any]) -> bool:
        """Tell whether it is meant for a request with this action, service and environment."""
        return all(getattr(self, name) in (None, facts.get(name)) for name in _FILTERS)


@dataclass(slots=True)
class DeployerFaults:
    """The ordered faults, first come, first used."""

    ordered: list[DeployerFault] = field(default_factory=list)

    def order(self, body: dict[str, Any]) -> None:
        """Take an order from JSON: `{mode, times?, status?, delay_s?, action?, service?, environment?}` or `{clear}`.

        Raises WorldError `invalid_arguments`.
        """
        if body.get("clear"):
            self.ordered.clear()
            if "mode" not in body:
                return
        if len(self.ordered) >= MOST_FAULTS:
            raise _refuse(f'{MOST_FAULTS} faults stand ordered: clear them with {{"clear": true}}.')
        self.ordered.append(_read(body))

    def take(self, action: str, order: dict[str, Any]) -> DeployerFault | None:
        """Use up one fault that is meant for this request, if there is one."""
        facts = {**order, "action": action}
        for fault in self.ordered:
            if fault.matches(facts):
                fault.times -= 1
                self.ordered = [kept for kept in self.ordered if kept.endless or kept.times > 0]
                return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        """Return what stands ordered."""
        return [asdict(fault) for fault in self.ordered]


def _read(body: dict[str, Any]) -> DeployerFault:
    mode = body.get("mode")
    if mode not in MODES:
        raise _refuse(f"'mode' must be one of {', '.join(MODES)}.")
    fault = DeployerFault(
        mode=mode,
        times=_whole(body, "times", 1, 0, 1_000_000),
        status=_whole(body, "status", 500, 400, 599),
        delay_s=_seconds(body),
    )
    fault.endless = fault.times == 0
    for name in _FILTERS:
        value = body.get(name)
        if not isinstance(value, str | None):
            raise _refuse(f"'{name}' must be a string, or left out to mean all.")
        setattr(fault, name, value)
    return fault


def _whole(body: dict[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _refuse(f"'{name}' must be a whole number from {least} to {most}.")
    return value


def _seconds(body: dict[str, Any]) -> float:
    value = body.get("delay_s", LATE_SECONDS)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise _refuse("'delay_s' must be a number of seconds from 0 to 3600.")
    return float(value)


def _refuse(detail: str) -> WorldError:
    return WorldError("invalid_arguments", detail)
