"""docs/approvals.md says what the code does."""

import argparse
import re
import shlex
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.refusal import describe_requirement, describe_role
from bot import configuration
from bot.approval import declare
from bot.policy import load
from domain.approval import (
    APPROVERS,
    Approval,
    ApprovalState,
    Level,
    Refusal,
    Requirement,
    RiskFacts,
    Role,
    Rule,
)
from domain.decision import ESCALATION_SHARE, REMINDER_SHARE, escalation
from domain.risk import require
from handlers.http.api.approval import STATUSES

PAGE = (Path(__file__).parents[3] / "docs" / "approvals.md").read_text("utf-8")
SENTENCE = " ".join(PAGE.split())
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def table(headings: str) -> list[list[str]]:
    """The rows of the table that begins with these headings."""
    lines = PAGE[PAGE.index(f"| {headings} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def example(begin: str) -> str:
    """The indented block of the page that begins so."""
    blocks = re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE)
    [found] = [block for block in map(textwrap.dedent, blocks) if block.startswith(begin)]
    return found


def facts(rule: Rule) -> str:
    def show(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float):
            return f"{value:g}"
        return ", ".join(value) if isinstance(value, tuple) else str(value)

    return ", ".join(f"`{name}: {show(value)}`" for name, value in rule.when.items())


def split(cell: str) -> set[str]:
    return set(re.findall(r"`[^`]+`", cell))


def test_every_rule_of_the_packaged_policy_is_a_row_in_its_order() -> None:
    expected = [[rule.level.value, split(facts(rule)), rule.reason] for rule in load().rules]

    rows = table("Level | Where")
    assert [[level, split(where), reason] for level, where, reason in rows] == expected


def test_every_level_is_a_row_with_who_has_to_agree_and_how_long_it_waits() -> None:
    expected = []
    for level, needed in load().requirements.items():
        wait = "none" if needed.immediate else f"{needed.lifetime // timedelta(minutes=1)} minutes"
        reason = "yes" if needed.reason_required else "no"
        expected.append([level.value, describe_requirement(needed), reason, wait])
    assert table("Level | Who has to agree") == expected


@pytest.mark.parametrize(("asked", "told"), table("Asked first"))
def test_escalation_climbs_as_the_table_says(asked: str, told: str) -> None:
    [first] = [role for role in Role if describe_role(role) == asked]
    higher = {role for role in APPROVERS if list(Role).index(role) >= list(Role).index(first)}
    held = higher - ({Role.TEAM_LEAD} if first is Role.ON_CALL else set())
    needed = Requirement(1, APPROVERS, False, False, timedelta(minutes=60))
    approval = Approval(
        1, 1, "U0DEV", Level.HIGH, needed, ApprovalState.PENDING, START, START + needed.lifetime
    )

    found = escalation(approval, START + timedelta(minutes=45), frozenset(held))

    assert (describe_role(found) if found else "nobody") == told


def test_every_approver_role_has_its_row_in_the_table_of_escalation() -> None:
    assert {row[0] for row in table("Asked first")} == {describe_role(role) for role in APPROVERS}


def test_the_moments_of_reminder_and_escalation_are_those_of_the_page() -> None:
    assert (REMINDER_SHARE, ESCALATION_SHARE) == (0.5, 0.75)
    assert "At half time people are reminded, once. At three quarters the next role is told, once" in SENTENCE


def test_the_example_of_a_policy_works_as_the_page_says(tmp_path: Path) -> None:
    packaged = (Path(__file__).parents[3] / "bot" / "defaults" / "policy.yaml").read_text("utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(packaged.replace("operations: {}\n", example("operations:")), "utf-8")

    step = RiskFacts("deploy", "deploy", "update", "service", "production", True, False, 0.0)
    needed = require([step], Level.HIGH, load(path))

    assert f"takes {describe_requirement(needed)}." in SENTENCE


def test_the_example_of_a_configuration_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(example("roles:"), "utf-8")

    assert configuration.load(path).roles[Role.TECH_LEAD] == ("U012ABCDEF",)


def test_every_role_is_named_as_the_configuration_takes_it() -> None:
    assert all(f"`{role}`" in PAGE for role in Role)


def test_the_people_of_the_sandbox_are_those_of_the_page() -> None:
    roles = configuration.load(sandbox=True).roles
    named = [
        f"`{people[0]}`{' is' if role is Role.TECH_LEAD else ''} {describe_role(role)}"
        for role, people in roles.items()
    ]

    assert all(each in SENTENCE for each in named)


def test_every_refusal_of_a_call_stands_at_its_status() -> None:
    rows = {int(status): set(re.findall(r"`(\w+)`", codes)) for status, codes in table("Status | Codes")}
    sources = (Path(__file__).parents[3] / "handlers" / "http" / "api").glob("*.py")
    said = {
        (int(status), code)
        for source in sources
        for status, code in re.findall(r'Fault\(\s*(\d{3}), "(\w+)"', source.read_text("utf-8"))
    }
    said |= {(STATUSES.get(refusal, 403), refusal.value) for refusal in Refusal}

    assert {(status, code) for status, codes in rows.items() for code in codes} == said


def test_the_commands_of_the_page_can_be_typed() -> None:
    typed = shlex.split(example("quarterdeck approvals").replace("[", "").replace("]", ""))
    commands = " ".join(typed).split("quarterdeck ")[1:]
    actions = {command.split()[1] for command in commands}

    parser = argparse.ArgumentParser()
    declare(parser)
    assert actions == set(parser._subparsers._group_actions[0].choices)  # type: ignore[union-attr]
