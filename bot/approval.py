"""`quarterdeck approvals`: what a machine's operator may do without Slack, beside a running bot or without one."""

import argparse
import json
import os
import pwd
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.database import Store
from domain.approval import APPROVERS, ApprovalState, Role
from domain.directory import Directory
from domain.errors import QuarterdeckError
from storage.database import UNAVAILABLE, Database
from workflows import docket, engine
from workflows.docket import Entry
from workflows.services import Nudges

DOOR = "command_line"

Write = Callable[[str], object]


class Refused(QuarterdeckError):
    """The decision does not count."""


@dataclass(frozen=True)
class Operator:
    """Whoever may read the database may do what every approver may, under a name of their own. Fulfils
    `domain.directory.Directory`.
    """

    person: str

    async def roles_of(self, person: str) -> frozenset[Role]:
        return frozenset({Role.DEVELOPER, *(APPROVERS if person == self.person else ())})

    async def people_with(self, roles: frozenset[Role]) -> Sequence[str]:
        return (self.person,) if roles & APPROVERS else ()


@dataclass(frozen=True)
class Seat:
    """What deciding takes (`workflows.services.Deciding`). The bot looks by itself for what has changed."""

    database: Database
    directory: Directory
    nudges: Nudges


def declare(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add the actions; returns their parsers. Without an action it lists."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="what waits for a decision")
    listed.add_argument("--state", choices=[each.value for each in ApprovalState], help="those that ended so")
    approve = actions.add_parser("approve", help="agree to one")
    reject = actions.add_parser("reject", help="refuse one, and say why")
    for each in (approve, reject):
        each.add_argument("approval", type=_number, metavar="A-3")
        each.add_argument("--reason", required=each is reject, help="why; it stands on the card")
    for each in (listed, approve, reject):
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    parser.set_defaults(action="list", state=None)
    return [listed, approve, reject]


def _number(text: str) -> int:
    if not re.fullmatch(r"[Aa]-[0-9]{1,15}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no approval: they are called A-1, A-2 and so on")
    return int(text[2:])


def name_operator() -> str:
    """`os:alice`: the account that this process runs under, whatever the environment says."""
    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"os:{os.getuid()}"


async def run(store: Store, options: argparse.Namespace, write: Write) -> None:
    """Do what was asked and write the answer. Raises QuarterdeckError where it cannot be done or does not count."""
    operator = Operator(name_operator())
    seat = Seat(store.database, operator, Nudges(deliver=lambda: None, start_task=lambda _: None))
    try:
        if options.action == "list":
            await _list(seat, operator.person, options, write)
        else:
            async with engine.attach(store.psycopg_url):
                await _decide(seat, operator.person, options, write)
    except UNAVAILABLE as error:
        raise QuarterdeckError(
            "The database went away: `quarterdeck approvals` shows whether the decision was recorded."
        ) from error


async def _list(seat: Seat, person: str, options: argparse.Namespace, write: Write) -> None:
    state = ApprovalState(options.state or ApprovalState.PENDING)
    found = await docket.list_in(seat, person, state)
    if options.json:
        write(json.dumps({"approvals": found}, ensure_ascii=False, indent=2) + "\n")
    elif not found:
        write("Nothing waits for approval.\n" if state is ApprovalState.PENDING else "There is none.\n")
    else:
        write("\n".join(_show(each) for each in found))


async def _decide(seat: Seat, person: str, options: argparse.Namespace, write: Write) -> None:
    approve = options.action == "approve"
    ruling = await docket.rule(
        seat, person, options.approval, approve=approve, reason=options.reason, door=DOOR
    )
    if ruling.refusal is not None:
        raise Refused(ruling.sentence)
    if options.json:
        entry = await docket.get(seat, person, options.approval)
        write(json.dumps({**entry, "detail": ruling.sentence}, ensure_ascii=False, indent=2) + "\n")
    else:
        write(f"{ruling.sentence}\n")


def _show(entry: Entry) -> str:
    """A few lines: what is asked for, the exact requests, who has to agree, who has."""
    when = entry["ended_at"] or entry["expires_at"]
    until = f"{entry['state']} {when}" if entry["ended_at"] else f"until {when}"
    lines = [f"{entry['id']}  {entry['level']}  {entry['task']}  {until}"]
    lines.append(f"  {entry['requester']} asks: {entry['request']}")
    for step in entry["steps"]:
        request = step["request"]
        body = "" if request.get("body") is None else json.dumps(request["body"], ensure_ascii=False)
        words = [f"{step['number']}.", step["action"], request.get("method"), request.get("address"), body]
        lines.append("  " + " ".join(word for word in words if word))
    lines.append(f"  needs {entry['needs']}")
    for made in entry["decisions"]:
        why = f": {made['reason']}" if made["reason"] else ""
        lines.append(f"  {made['decision']} by {made['person']} ({made['role']}) {made['at']}{why}")
    return "".join(f"{_plain(line)}\n" for line in lines)


def _plain(line: str) -> str:
    """One line that does nothing to a terminal, whatever somebody wrote."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
