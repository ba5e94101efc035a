"""What an approval looks like: on the task's card, in lists, and in the forms that ask for a reason."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from blocks import kit, mrkdwn
from blocks.element import Block
from blocks.ids import Action
from blocks.refusal import describe_requirement, describe_role
from domain.approval import Approval, ApprovalState, Decision, Level
from domain.card import Content
from domain.execution import TaskView
from domain.task import task_name

REASON = "reason"
_SIGNS = {Level.LOW: "🟢", Level.MEDIUM: "🟡", Level.HIGH: "🟠", Level.CRITICAL: "🔴"}


def _who(approval: Approval) -> str:
    """Who has to agree, in one sentence."""
    need = approval.requirement
    why = ", with a reason" if need.reason_required else ""
    return f"Needs {describe_requirement(need)}{why}."


def approval_blocks(view: TaskView) -> list[Block]:
    """Risk with its reasons; while it waits also who may decide, until when, and the buttons."""
    approval, assessment = view.approval, view.assessment
    if assessment is None:
        return []
    level = mrkdwn.fill(
        "{} {} ({} of 10)",
        _SIGNS[assessment.level],
        mrkdwn.bold(f"{assessment.level.value} risk"),
        f"{assessment.score:g}",
    )
    reasons = mrkdwn.join("\n", [mrkdwn.fill("• {}", reason) for reason in assessment.reasons])
    blocks = [kit.section(mrkdwn.join("\n", [level, reasons]))]
    if approval is None:
        return blocks
    blocks += [kit.context(line) for line in decision_lines(view)]
    if approval.state is ApprovalState.PENDING:
        until = mrkdwn.fill("{} Until {}.", _who(approval), mrkdwn.date(approval.expires_at))
        if approval.escalated_to is not None:
            role = describe_role(approval.escalated_to)
            until = mrkdwn.fill("{} Escalated to {}.", until, role)
        buttons = [
            kit.button("Approve", Action.APPROVAL_APPROVE, approval.name, style="primary"),
            kit.button("Reject", Action.APPROVAL_REJECT, approval.name, style="danger"),
        ]
        blocks += [kit.context(until), kit.actions(*buttons, block_id=f"approval-{approval.number}")]
    return blocks


def decision_lines(view: TaskView) -> list[mrkdwn.Mrkdwn]:
    """One line a decision: who, as what, when, why."""
    return [_decision_line(each) for each in view.approval.decisions] if view.approval else []


def _decision_line(decision: Decision) -> mrkdwn.Mrkdwn:
    verb = "✅ approved" if decision.approve else "✋ rejected"
    role = describe_role(decision.role)
    line = mrkdwn.fill(
        "{} by {} ({}) {}", verb, mrkdwn.mention(decision.person), role, mrkdwn.date(decision.at)
    )
    if decision.on_behalf_of:
        line = mrkdwn.fill("{} for {}", line, mrkdwn.mention(decision.on_behalf_of))
    return mrkdwn.fill("{}: {}", line, decision.reason) if decision.reason else line


def reason_form(approval: Approval, *, approve: bool, channel: str, message_ts: str) -> dict[str, Any]:
    """The modal that asks why; it remembers where the button stood."""
    action = Action.APPROVAL_APPROVE if approve else Action.APPROVAL_REJECT
    verb = "Approve" if approve else "Reject"
    question = kit.input_block(
        "Why?",
        kit.plain_text_input(REASON, multiline=True, max_length=1_000),
        block_id=REASON,
        hint="It stands on the card, for everybody in the channel.",
    )
    return kit.modal(
        f"{verb} {approval.name}",
        [kit.section(f"{verb} {task_name(approval.task)}?"), question],
        callback_id=action,
        submit=verb,
        private_metadata="|".join([str(approval.number), channel, message_ts]),
    )


def read_form(metadata: str) -> tuple[int, str, str]:
    """Number of the approval, channel and message of the button that opened a form. Raises ValueError for another."""
    number, channel, message_ts = metadata.split("|")
    return int(number), channel, message_ts


def reminder(approval: Approval, people: list[str], *, escalated: bool) -> Content:
    """In the task's thread: it still waits."""
    sentence = mrkdwn.fill(
        "{} still waits for approval until {}. {}",
        mrkdwn.bold(task_name(approval.task)),
        mrkdwn.date(approval.expires_at),
        _who(approval),
    )
    if escalated:
        sentence = mrkdwn.fill("{} It is escalated.", sentence)
    who = mrkdwn.join(" ", [mrkdwn.mention(person) for person in people[:10]])
    blocks = [kit.section(sentence)]
    if people:
        blocks.append(kit.context(who))
    return replace(kit.message(sentence, blocks), calls=tuple(people[:10]))


def waiting_list(approvals: list[tuple[Approval, str]]) -> Content:
    """The answer to `/qd approvals`: what waits for me, each with its task's request."""
    if not approvals:
        sentence = "Nothing waits for your approval."
        return kit.message(sentence, [kit.section(sentence)])
    blocks = [kit.section(mrkdwn.bold(f"{len(approvals)} waiting for you"))]
    for approval, request in approvals[:20]:
        line = mrkdwn.fill(
            "{} {} {} · {}\nuntil {}",
            _SIGNS[approval.level],
            mrkdwn.bold(approval.name),
            task_name(approval.task),
            mrkdwn.truncate(mrkdwn.flatten(request), 200),
            mrkdwn.date(approval.expires_at),
        )
        blocks.append(kit.section(line))
    return kit.message(f"{len(approvals)} approvals wait for you.", blocks)


def delegated(person: str, until: datetime) -> Content:
    """The answer to `/qd delegate`."""
    sentence = mrkdwn.fill(
        "Until {} {} may decide in your place.", mrkdwn.date(until), mrkdwn.mention(person)
    )
    return replace(kit.message(sentence, [kit.section(sentence)]), calls=(person,))


def lent(person: str, until: datetime) -> Content:
    """To whoever may decide in somebody's place from now on."""
    sentence = mrkdwn.fill(
        "Until {} you may decide on approvals in place of {}. `/qd approvals` lists what waits for you.",
        mrkdwn.date(until),
        mrkdwn.mention(person),
    )
    return kit.message(sentence, [kit.section(sentence)])
