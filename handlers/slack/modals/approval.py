"""The form that asks why something is approved or rejected."""

from blocks.approval import REASON, read_form
from blocks.ids import Action
from domain.card import Content
from handlers.slack.door import Door
from handlers.slack.payloads import Submission
from workflows import approval


async def submit(door: Door, form: Submission) -> dict[str, str] | Content | None:
    """Decide with the reason that was given."""
    reason = form.values.get(REASON, "").strip()
    if not reason:
        return {REASON: "Please say why, in a few words."}
    number, channel, message_ts = read_form(form.metadata)
    where = {"team": form.team, "channel": channel, "message_ts": message_ts}
    approve = form.callback_id == Action.APPROVAL_APPROVE
    answer = await approval.decide(
        door.services, form.ask, number, approve=approve, reason=reason, where=where
    )
    return None if answer is None or answer.silent else answer.content
