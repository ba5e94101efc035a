"""The doctor's look at what the house's files say: what can be done, who has to agree, who may call."""

from collections.abc import Collection, Iterable, Mapping

from blocks.refusal import describe_requirement, describe_role
from bot import catalogue, configuration, policy
from bot.check import Check
from bot.settings import Settings
from domain.action import Catalogue, HttpCall
from domain.approval import APPROVERS, Requirement, Role
from domain.errors import ConfigurationError
from domain.risk import Policy
from domain.template import secrets

SHORTEST_TOKEN = 16
_OF_THE_SANDBOX = ("QD_DEPLOYER_URL", "QD_DEPLOYER_TOKEN")

Holders = Mapping[Role, tuple[str, ...]]


def examine_house(settings: Settings) -> list[Check]:
    """The catalogue, the policy, the roles and the tokens of the API."""
    checks = [_examine_catalogue(settings)]
    try:
        rules = policy.load(settings.policy, settings.approval_ttl_seconds)
    except ConfigurationError as error:
        return [*checks, _unusable("Policy", error), check_tokens(settings.api_tokens)]
    checks.append(Check("Policy", f"{len(rules.rules)} rules"))
    return [*checks, _examine_roles(settings, rules), check_tokens(settings.api_tokens)]


def _unusable(subject: str, error: ConfigurationError) -> Check:
    return Check(subject, "it cannot be used", error.sentence.rstrip("."))


def _examine_catalogue(settings: Settings) -> Check:
    try:
        found = catalogue.load(settings.actions)
    except ConfigurationError as error:
        return _unusable("Actions", error)
    known = {*settings.environment(), *(() if settings.has_slack else _OF_THE_SANDBOX)}
    return check_names(found, known)


def check_names(found: Catalogue, known: Collection[str]) -> Check:
    """Whether every `${NAME}` of the catalogue has a value."""
    users = _users(found)
    missing = sorted(set(users) - set(known))
    if not missing:
        return Check("Actions", ", ".join(found.actions))
    waiting = sorted({action for name in missing for action in users[name]})
    said = (
        f"{_and(missing)} {'is' if len(missing) == 1 else 'are'} not set, so these fail: {', '.join(waiting)}"
    )
    return Check(
        "Actions", said, f"set {_and(missing)}, or leave these actions out of the file of QD_ACTIONS"
    )


def _users(found: Catalogue) -> dict[str, list[str]]:
    """The names that stand as `${NAME}` in the catalogue, and the actions that need each."""
    users: dict[str, list[str]] = {}
    for action in found.actions.values():
        if isinstance(action.call, HttpCall):
            parts = [action.call.address, dict(action.call.headers), action.call.body]
            for name in secrets([part for part in parts if part is not None]):
                users.setdefault(name, []).append(action.name)
    return users


def _examine_roles(settings: Settings, rules: Policy) -> Check:
    try:
        found = configuration.load(settings.config, sandbox=not settings.has_slack)
    except ConfigurationError as error:
        return _unusable("Roles", error)
    return check_roles(found.roles, rules)


def check_roles(holders: Holders, rules: Policy) -> Check:
    """Whether somebody can decide what the policy asks for, and which roles nobody has."""
    for level, needed in rules.requirements.items():
        if not _can_be_met(needed, holders):
            said = f"nobody can approve what is {level.value}, which needs {describe_requirement(needed)}"
            return Check("Roles", said, "give people these roles in the file of QD_CONFIG")
    for addition in rules.additions:
        if addition.including and not _people(addition.including, holders):
            said = f"nobody can approve `{addition.operation}` ({addition.environment})"
            roles = " or ".join(describe_role(role) for role in Role if role in addition.including)
            return Check("Roles", said, f"make somebody {roles} in the file of QD_CONFIG")
    return Check("Roles", _describe(holders))


def _describe(holders: Holders) -> str:
    held = [describe_role(role) for role in Role if holders.get(role)]
    free = [describe_role(role) for role in Role if role in APPROVERS and not holders.get(role)]
    return ", ".join(held) + (f"; nobody is {', '.join(free)}" if free else "")


def _can_be_met(needed: Requirement, holders: Holders) -> bool:
    """A user group may hold any number of people."""
    people = _people(needed.roles, holders)
    enough = len(people) >= needed.count or any(each.startswith("S") for each in people)
    return enough and all(_people(group, holders) for group in needed.including)


def _people(roles: Iterable[Role], holders: Holders) -> set[str]:
    return {person for role in roles for person in holders.get(role, ())}


def check_tokens(tokens: Mapping[str, str]) -> Check:
    """Whether the tokens of the HTTP API are hard to guess."""
    if not tokens:
        return Check("API", "no token is set: on the sandbox this machine may call /api/v1, otherwise nobody")
    people = ", ".join(sorted(set(tokens.values())))
    if any(len(token) < SHORTEST_TOKEN for token in tokens):
        found = f"a token of {people} is short enough to be guessed"
        return Check(
            "API", found, f"put tokens of {SHORTEST_TOKEN} random characters and more into QD_API_TOKEN"
        )
    return Check("API", f"tokens of {people}")


def _and(names: list[str]) -> str:
    return " and ".join(names)
