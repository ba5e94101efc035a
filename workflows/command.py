"""What a command does: reads it, does it, and says the answer. The same for all the ways a command comes in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from blocks import help as help_blocks
from blocks import overview as overview_blocks
from blocks.approval import delegated, lent, waiting_list
from blocks.notice import notice
from blocks.task import accepted, cancelled, describe_state, stopping
from domain.approval import Role
from domain.ask import Ask
from domain.audit import AuditEntry
from domain.card import CardDraft, Content, Place
from domain.command import (
    MAX_REQUEST_LENGTH,
    SPECS,
    Command,
    MisusedCommand,
    Reading,
    UnknownCommand,
    task_number,
)
from domain.delegation import read_delegation
from domain.errors import QuarterdeckError
from domain.task import TaskState, task_name
from storage import approval as approvals
from storage import audit, inbox
from storage import card as cards
from storage import task as tasks
from storage.database import Session
from workflows import approval, execution, overview, planning
from workflows.services import Services


async def carry_out(services: Services, ask: Ask, reading: Reading) -> Content | None:
    """Do what was read and return the answer for the person; None where the same event had come before.

    The event's key, what it did, its audit entry and, for a spoken ask, the card of the answer are committed
    together before this returns.
    """
    content = await _dispatch(services, ask, reading)
    if content is None:
        services.measures.duplicates.inc()
    outcome = "duplicate" if content is None else "answered"
    services.measures.commands.labels(_name(reading), outcome).inc()
    return content


def _name(reading: Reading) -> str:
    if isinstance(reading, Command):
        return reading.name
    return reading.spec.name if isinstance(reading, MisusedCommand) else "unknown"


async def _dispatch(services: Services, ask: Ask, reading: Reading) -> Content | None:
    if isinstance(reading, UnknownCommand):
        return await answer(services, ask, "command.unknown", help_blocks.unknown(reading))
    if isinstance(reading, MisusedCommand):
        return await answer(services, ask, "command.misused", help_blocks.misused(reading))
    return await _HANDLERS[reading.name](services, replace(ask, text=reading.argument))


async def answer(
    services: Services, ask: Ask, action: str, content: Content, about: tuple[str, str] | None = None
) -> Content | None:
    """Record that this was asked and how it is answered. `about` is the type and id of the object asked about."""
    object_type, object_id = about or ("channel", ask.place.channel)
    entry = AuditEntry(action, object_type, object_id, ask.person, ask.correlation_id)
    if not ask.spoken:
        return content if await inbox.accept(services.database, ask.event_key, entry) else None
    async with services.database.unit_of_work() as session:
        if not await inbox.claim(session, ask.event_key):
            return None
        await audit.record(session, entry)
        await _reply(session, ask, content)
    services.nudges.deliver()
    return content


async def _reply(session: Session, ask: Ask, content: Content) -> None:
    """Want the answer shown where the ask was spoken; a slash command has its answer in the ack."""
    if ask.spoken:
        key = f"reply:{ask.event_key}"
        await cards.show(session, CardDraft(key=key, place=ask.place, content=content, asker=ask.person))


async def _execute(services: Services, ask: Ask) -> Content | None:
    if not ask.text:
        misused = MisusedCommand(SPECS["execute"], "")
        return await answer(services, ask, "command.misused", help_blocks.misused(misused))
    if len(ask.text) > MAX_REQUEST_LENGTH:
        sentence = (
            f"That request has {len(ask.text):,} characters, and I read at most {MAX_REQUEST_LENGTH:,}:"
            " nothing was started. Say it shorter, or link to the details."
        )
        return await answer(services, ask, "command.refused", notice(sentence))
    number = await execution.submit(services, ask)
    return None if number is None else accepted(number)


def is_public(ask: Ask) -> bool:
    """Whether others read the answer: it was asked for aloud, in a channel."""
    return ask.spoken and not ask.place.channel.startswith("D")


async def _status(services: Services, ask: Ask) -> Content | None:
    number = task_number(ask.text)
    if number is None:
        facts = await overview.gather(services, ask.person, ask.place.channel, public=is_public(ask))
        return await answer(services, ask, "command.status", overview_blocks.overview(facts))
    try:
        content = await overview.describe_task(
            services, number, ask.person, ask.place.channel, public=is_public(ask)
        )
    except QuarterdeckError as error:
        content = notice(error.sentence)
    return await answer(services, ask, "command.status", content, ("task", task_name(number)))


async def _cancel(services: Services, ask: Ask) -> Content | None:
    number = task_number(ask.text)
    assert number is not None  # noqa: S101 - the grammar lets nothing else through
    outcome = await cancel(services, ask, number)
    return outcome.content if outcome else None


@dataclass(frozen=True)
class Cancellation:
    """How an attempt to cancel went: whether it took effect, and what to tell the person."""

    done: bool
    content: Content


async def cancel(services: Services, ask: Ask, number: int) -> Cancellation | None:
    """Cancel a task, or say why not; None where the same event had come before."""
    roles = await services.directory.roles_of(ask.person)
    async with services.database.unit_of_work() as session:
        if not await inbox.claim(session, ask.event_key):
            return None
        outcome = await _try_to_cancel(session, ask, number, roles)
        await _reply(session, ask, outcome.content)
    services.nudges.deliver()
    return outcome


async def _try_to_cancel(session: Session, ask: Ask, number: int, roles: frozenset[Role]) -> Cancellation:
    try:
        before = await execution.cancel(session, ask, number, roles)
    except QuarterdeckError as error:
        return Cancellation(done=False, content=notice(error.sentence))
    if before.ended:
        sentence = f"{task_name(number)} had ended already: {describe_state(before)}."
        return Cancellation(done=False, content=notice(sentence))
    if before is TaskState.COMPENSATING:
        sentence = (
            f"{task_name(number)} has failed and is taken back just now, which is not stopped half-way."
        )
        return Cancellation(done=False, content=notice(sentence))
    if before.waiting:
        return Cancellation(done=True, content=cancelled(number))
    return Cancellation(done=before is TaskState.RUNNING, content=stopping(number))


async def undo(services: Services, ask: Ask, number: int) -> Content | None:
    """Start a task that takes another one back, unless there is one; the answer, or None where the same event had
    come before.
    """
    roles = await services.directory.roles_of(ask.person)
    async with services.database.unit_of_work() as session:
        task = await tasks.find(session, number)
        earlier = await tasks.list_undoing(session, number)
    name = task_name(number)
    if task is None or not execution.may_stop(task, ask.person, roles):
        sentence = f"Only the person who asked for {name}, or a lead, can have it taken back."
        return await answer(services, ask, "task.undo_refused", notice(sentence), ("task", name))
    going = [each for each in earlier if not each.state.ended or each.state is TaskState.DONE]
    if going:
        sentence = f"{going[0].name} takes {name} back already: {describe_state(going[0].state)}."
        return await answer(services, ask, "task.undo_refused", notice(sentence), ("task", name))
    # Two clicks in the same instant have one key, and one of them is new.
    undoing = replace(ask, text=f"Undo {name}", event_key=f"undo:{number}:{len(earlier)}")
    made = await execution.submit(services, undoing, {planning.UNDOES_KEY: str(number)})
    return None if made is None else accepted(made)


async def _approvals(services: Services, ask: Ask) -> Content | None:
    waiting = await approval.list_for(services, ask.person)
    return await answer(services, ask, "command.approvals", waiting_list(waiting))


async def _delegate(services: Services, ask: Ask) -> Content | None:
    """The delegation and the key of its event in one commit."""
    wanted = read_delegation(ask.text)
    assert wanted is not None  # noqa: S101 - the grammar lets nothing else through
    until = wanted.until(datetime.now(UTC).astimezone())
    content = delegated(wanted.person, until)
    if wanted.person == ask.person:
        return await answer(
            services, ask, "command.refused", notice("You decide for yourself already: name somebody else.")
        )
    async with services.database.unit_of_work() as session:
        if not await inbox.claim(session, ask.event_key):
            return None
        await approvals.lend(session, ask.person, wanted.person, until)
        facts: dict[str, str | int | bool | None] = {"until": until.isoformat()}
        entry = AuditEntry(
            "approval.delegated", "person", wanted.person, ask.person, ask.correlation_id, facts
        )
        await audit.record(session, entry)
        await _reply(session, ask, content)
        word = CardDraft(f"lent:{ask.event_key}", Place(wanted.person), lent(ask.person, until), urgent=True)
        await cards.show(session, word)
    services.nudges.deliver()
    return content


async def _help(services: Services, ask: Ask) -> Content | None:
    spec = SPECS.get(ask.text.lstrip("/").lower())
    content = help_blocks.one_command(spec) if spec else help_blocks.overview()
    return await answer(services, ask, "command.help", content)


_HANDLERS: dict[str, Callable[[Services, Ask], Awaitable[Content | None]]] = {
    "execute": _execute,
    "status": _status,
    "cancel": _cancel,
    "approvals": _approvals,
    "delegate": _delegate,
    "help": _help,
}
