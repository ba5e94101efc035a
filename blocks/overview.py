"""What `/status` answers: what runs, what waits, and how the bot is."""

from blocks import kit, mrkdwn
from blocks.task import describe_state
from domain.card import Content
from domain.overview import Fault, Overview
from domain.task import Task

_SLACK = {
    "connected": "connected",
    "reconnecting": "reconnecting",
    "revoked": "refused: install the app again",
}
_SHOWN_TASKS = 10


def overview(facts: Overview) -> Content:
    """The private answer to `/status`."""
    count = len(facts.tasks)
    headline = f"{count} open task{'' if count == 1 else 's'}" if count else "No open tasks"
    where = "in this channel" if facts.elsewhere else "of yours or in this channel"
    blocks = [kit.section(mrkdwn.fill("{} {}", mrkdwn.bold(headline), where))]
    if facts.elsewhere:
        blocks.append(
            kit.context(f"{facts.elsewhere} of yours elsewhere: `/qd status` tells you in private.")
        )
    blocks += [kit.section(_line(task)) for task in facts.tasks[:_SHOWN_TASKS]]
    if count > _SHOWN_TASKS:
        blocks.append(kit.context(f"… and {count - _SHOWN_TASKS} more."))
    blocks.append(kit.divider())
    blocks.append(kit.context(_health(facts)))
    blocks += [kit.context(_fault(fault)) for fault in facts.faults[:5]]
    if facts.failed:
        blocks.append(kit.context(f"⚠️ {facts.failed} of my messages of the last day were refused by Slack."))
    return kit.message(f"{headline}; Slack {facts.slack}, engine {facts.engine}.", blocks)


def _line(task: Task) -> mrkdwn.Mrkdwn:
    request = mrkdwn.truncate(mrkdwn.flatten(task.request), 120)
    return mrkdwn.fill(
        "{} {}\n{} · {}",
        mrkdwn.bold(task.name),
        describe_state(task.state),
        request,
        mrkdwn.mention(task.requester),
    )


def _health(facts: Overview) -> mrkdwn.Mrkdwn:
    sign = "🟢" if facts.slack == "connected" and facts.engine == "running" and not facts.faults else "🟠"
    waiting = "every message shown" if not facts.backlog else f"{facts.backlog} messages to be shown"
    return mrkdwn.fill(
        "{} Slack {} · engine {} · {}", sign, _SLACK.get(facts.slack, facts.slack), facts.engine, waiting
    )


def _fault(fault: Fault) -> mrkdwn.Mrkdwn:
    return mrkdwn.fill(
        "⚠️ I cannot write in {}: {}. {} waiting since {}.",
        mrkdwn.channel(fault.channel)
        if fault.channel.startswith(("C", "G"))
        else mrkdwn.mention(fault.channel),
        fault.reason,
        f"{fault.waiting} message{'' if fault.waiting == 1 else 's'}",
        mrkdwn.date(fault.since),
    )
