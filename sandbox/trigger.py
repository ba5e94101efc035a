"""Trigger ids: good for one exchange within three seconds."""

from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.identity import IdSource

LIFE_SECONDS = 3.0
KEPT = 5000


class TriggerError(Exception):
    """The trigger id cannot be exchanged; the text is Slack's error code."""


@dataclass(slots=True)
class Trigger:
    """Who did what made it, and from which view (None outside of modals)."""

    user: str
    view_id: str | None
    until: float
    exchanged: bool = False


class TriggerBook:
    """The trigger ids that were given out, the newest 5,000."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock, self._ids = clock, ids
        self._triggers: dict[str, Trigger] = {}

    def issue(self, user: str, view_id: str | None = None) -> str:
        """Return a new trigger id."""
        if len(self._triggers) >= KEPT:
            self._triggers.pop(next(iter(self._triggers)))
        trigger_id = self._ids.trigger()
        self._triggers[trigger_id] = Trigger(user, view_id, self._clock.now() + LIFE_SECONDS)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger id up. Raises TriggerError with `invalid_`, `exchanged_` or `expired_trigger_id`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise TriggerError("invalid_trigger_id")
        if trigger.exchanged:
            raise TriggerError("exchanged_trigger_id")
        if trigger.until < self._clock.now():
            raise TriggerError("expired_trigger_id")
        trigger.exchanged = True
        return trigger
