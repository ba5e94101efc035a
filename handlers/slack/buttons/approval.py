"""Approve and Reject on a task's card. A click never decides by what it carries but by what is stored."""

from blocks.approval import reason_form
from blocks.notice import notice
from domain.approval import Approval
from domain.card import Content
from handlers.slack.door import Door
from handlers.slack.payloads import Click
from workflows import approval


def read_name(text: str) -> int | None:
    """`A-3` as 3."""
    number = text.removeprefix("A-")
    return int(number) if number.isdigit() else None


async def approve(door: Door, click: Click) -> Content | None:
    """Approve; where a reason is required, ask for it first."""
    found = await _find(door, click)
    if isinstance(found, Content):
        return found
    if found.requirement.reason_required:
        return await _ask_why(door, click, found, approve=True)
    return await decide(door, click, found.number)


async def reject(door: Door, click: Click) -> Content | None:
    """Ask why; the form rejects."""
    found = await _find(door, click)
    return found if isinstance(found, Content) else await _ask_why(door, click, found, approve=False)


async def decide(door: Door, click: Click, number: int) -> Content | None:
    """Approve at once. What took effect is shown by the card; everything else is told in private."""
    where = {"team": click.team, "channel": click.ask.place.channel, "message_ts": click.message_ts}
    answer = await approval.decide(door.services, click.ask, number, approve=True, reason=None, where=where)
    return None if answer is None or answer.silent else answer.content


async def _find(door: Door, click: Click) -> Approval | Content:
    number = read_name(click.value)
    found = await approval.find(door.services, number) if number is not None else None
    return found or notice(
        "This button belongs to no approval that I know.", "`/qd approvals` lists what waits."
    )


async def _ask_why(door: Door, click: Click, found: Approval, *, approve: bool) -> Content | None:
    """Open the form, unless the decision would be refused whatever the reason: then say so and record it."""
    where = {"team": click.team, "channel": click.ask.place.channel, "message_ts": click.message_ts}
    refused = await approval.refuse(door.services, click.ask, found.number, approve=approve, where=where)
    if refused is not None:
        return refused
    view = reason_form(
        found, approve=approve, channel=click.ask.place.channel, message_ts=click.message_ts or ""
    )
    await door.services.chat.open_view(click.trigger_id, view)
    return None
