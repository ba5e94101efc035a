"""Why a decision does not count, in words for the person who made it, and who may decide instead."""

from collections.abc import Sequence

from blocks.notice import notice
from domain.approval import APPROVERS, LEADS, Approval, Refusal, Requirement, Role
from domain.card import Content
from domain.task import task_name

_ROLES: dict[Role, str] = {
    Role.DEVELOPER: "developer",
    Role.ON_CALL: "on call",
    Role.TEAM_LEAD: "team lead",
    Role.TECH_LEAD: "tech lead",
    Role.ENGINEERING_MANAGER: "engineering manager",
    Role.CTO: "CTO",
    Role.SECURITY_TEAM: "security team",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five")

_SENTENCES: dict[Refusal, str] = {
    Refusal.ENDED: "{name} has already been {state}, so your decision was not counted; its card says by whom.",
    Refusal.EXPIRED: "{name} has expired, so your decision was not counted and nothing was done. Ask again for a new "
    "approval, which takes {who}.",
    Refusal.NOT_A_ROLE: "Your role does not decide on {name}. It takes {who}.",
    Refusal.OWN_REQUEST: "You asked for {name} yourself, so others have to decide. It takes {who}. You can withdraw it "
    "with /cancel {task}.",
    Refusal.LENT_BY_REQUESTER: "You have your role from the person who asked for {name}, so it does not count there. "
    "It takes {who}.",
    Refusal.ALREADY_DECIDED: "You have decided on {name} already, or somebody did in your name. It takes {who}; one "
    "person counts once.",
    Refusal.LENDER_DECIDED: "The person whose role you have has a word on {name} already, and you would be their "
    "second. It takes {who}.",
    Refusal.REASON_MISSING: "Your decision on {name} needs a reason, in a sentence that others will understand. It "
    "takes {who}.",
}


def describe_role(role: Role) -> str:
    """A role as people say it: `tech lead`."""
    return _ROLES[role]


def describe_requirement(requirement: Requirement) -> str:
    """Who has to agree: `one lead (team lead, …), but not who asked`."""
    if requirement.immediate:
        return "nobody's approval"
    among = [group for group in requirement.including if group <= requirement.roles]
    beside = [group for group in requirement.including if group not in among]
    said = " and ".join(_people(1, group) for group in beside)
    if requirement.count > len(among):
        anyone = " and ".join(filter(None, [_people(requirement.count, requirement.roles), said]))
        said = anyone + "".join(f", {_people(1, group, 'of them ')}" for group in among)
    else:
        said = " and ".join(_people(1, group) for group in requirement.including)
    return said if requirement.requester_counts else f"{said}, but not who asked"


def explain(refusal: Refusal, approval: Approval) -> str:
    """One or two sentences: why it does not count, and who may decide."""
    return _SENTENCES[refusal].format(
        name=approval.name,
        state=approval.state.value,
        task=task_name(approval.task),
        who=describe_requirement(approval.requirement),
    )


def refused(refusal: Refusal, approval: Approval) -> Content:
    """The private answer to a click that does not count."""
    return notice(explain(refusal, approval))


def _people(count: int, roles: frozenset[Role], of: str = "") -> str:
    """`two different approvers (on call or team lead)`; with `of`: `one of them a lead (…)`."""
    one, many = ("lead", "leads") if roles == LEADS else ("person", "people")
    if roles == APPROVERS:
        one, many = "approver", "approvers"
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    article = "an" if one == "approver" else "a"
    who = f"{of}{article} {one}" if of else one
    named = f"({_list([_ROLES[role] for role in Role if role in roles])})"
    return f"{number} {who} {named}" if count == 1 else f"{number} different {many} {named}"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
