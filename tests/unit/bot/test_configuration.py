"""Who is who, as a file says it; and what one hears of a mistake in it."""

from pathlib import Path

import pytest

from bot.configuration import load
from domain.approval import Role
from domain.directory import Service, Team
from domain.errors import ConfigurationError

FILE = """\
roles:
  tech_lead: [U0LEAD, S0LEADS]
  on_call: S0ONCALL
teams:
  shop: {members: [U0DEV, S0SHOP], channel: C0SHOP}
services:
  checkout: {team: shop}
  search:
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_without_a_file_nobody_has_a_role() -> None:
    configuration = load()

    assert (configuration.roles, configuration.teams, configuration.services) == ({}, {}, {})


def test_the_sandbox_knows_its_people_and_services() -> None:
    configuration = load(sandbox=True)

    assert configuration.roles == {
        Role.TECH_LEAD: ("U0LEAD",),
        Role.ENGINEERING_MANAGER: ("U0MANAGER",),
        Role.ON_CALL: ("U0ONCALL",),
    }
    assert set(configuration.services) == {"checkout", "payments", "search", "mobile-api", "auth"}


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_file_of_ones_own_says_everything(path: Path, sandbox: bool) -> None:
    path.write_text(FILE, "utf-8")
    configuration = load(path, sandbox)

    assert configuration.roles == {Role.TECH_LEAD: ("U0LEAD", "S0LEADS"), Role.ON_CALL: ("S0ONCALL",)}
    assert configuration.teams == {"shop": Team("shop", ("U0DEV", "S0SHOP"), "C0SHOP")}
    assert configuration.services == {"checkout": Service("checkout", "shop"), "search": Service("search")}


def test_an_empty_file_is_nobody(path: Path) -> None:
    path.write_text("# nothing yet\n", "utf-8")

    assert load(path).roles == {}


MISTAKES = [
    (
        "U0LEAD",
        "'@lead'",
        2,
        "“@lead” is no Slack id: write a member id (U…) or a user group's (S…), not a name",
    ),
    ("S0ONCALL", "C0OPS", 3, "“C0OPS” is no Slack id"),
    ("tech_lead", "techlead", 2, "`techlead` should be 'developer', 'on_call', 'team_lead'"),
    ("tech_lead", "developer", 2, "everybody is a `developer`: remove this line"),
    (
        "channel: C0SHOP",
        "channel: '#shop'",
        5,
        "“#shop” is no Slack channel id: write the id (C…), not the name",
    ),
    ("members:", "people:", 5, "`people` is not known here: correct its spelling, or remove it"),
    ("team: shop", "team: store", 7, "there is no team `store`: add it under `teams`"),
    ("checkout", "Check out", 7, "`Check out` should match pattern"),
    ("roles:", "rules:", 1, "`rules` is not known here"),
    ("roles:\n", "roles: [\n", 3, "expected ',' or ']'"),
    ("on_call", "tech_lead", 3, "`tech_lead` stands there already in line 2; keep one of them"),
]


@pytest.mark.parametrize(("old", "new", "line", "reason"), MISTAKES)
def test_a_broken_file_names_file_line_and_reason(
    path: Path, old: str, new: str, line: int, reason: str
) -> None:
    path.write_text(FILE.replace(old, new, 1), "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load(path)

    assert caught.value.sentence.startswith(f"{path}, line {line}: {reason}")


def test_a_file_that_is_not_there_names_the_setting(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="let QD_CONFIG name a YAML file, or leave it out"):
        load(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path)


def test_a_list_may_be_written_once_and_named_again(path: Path) -> None:
    path.write_text("roles: {cto: &boss [U0BOSS], security_team: *boss}", "utf-8")

    assert load(path).roles == {Role.CTO: ("U0BOSS",), Role.SECURITY_TEAM: ("U0BOSS",)}
