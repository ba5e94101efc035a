"""What the doctor says about what it found; each problem with its fix, on one line."""

import pytest

from bot.check import Check
from bot.doctor import check_channels, check_manifest, check_python, check_schema, check_scopes
from storage.migrations.runner import Schema


def test_a_line_says_whether_it_is_well_and_what_to_do() -> None:
    assert Check("Python", "3.11.7").line == "ok       Python    3.11.7."
    assert Check("Socket", "it is shut", "open it").line == "problem  Socket    it is shut. Open it."


def test_python_must_be_new_enough() -> None:
    assert check_python((3, 11, 0)).fix is None
    assert check_python((3, 14, 1)).fix is None
    assert check_python((3, 10, 12)).line.endswith(
        "3.10.12. Install Python 3.11 or newer and run `make install`."
    )


@pytest.mark.parametrize(
    ("schema", "fix"),
    [
        (Schema(160_004, "0002"), None),
        (Schema(160_004, "0001"), "run `quarterdeck migrate`"),
        (Schema(160_004, None), "run `quarterdeck migrate`"),
        (Schema(160_004, "0009"), "a newer Quarterdeck used it"),
        (Schema(140_011, "0002"), "PostgreSQL 15 or newer"),
    ],
)
def test_the_database_must_be_of_this_version(schema: Schema, fix: str | None) -> None:
    check = check_schema(schema, "0002", ["0001", "0002"])

    assert check.found.startswith("PostgreSQL 1")
    assert (fix is None) == (check.fix is None)
    assert fix is None or (check.fix is not None and fix in check.fix)


def test_an_empty_database_is_called_so() -> None:
    assert check_schema(Schema(160_004, None), "0001", ["0001"]).found == "PostgreSQL 16.4, schema empty"


def test_missing_scopes_are_named() -> None:
    assert check_scopes("commands, chat:write,im:read", ["chat:write", "commands"]).fix is None
    check = check_scopes("commands", ["im:read", "chat:write", "commands"])
    assert check.found == "chat:write, im:read missing"
    assert check.fix is not None
    assert "install the app again" in check.fix
    assert check_scopes(None, ["commands"]).fix is None


def test_a_bot_that_is_nowhere_is_told_how_to_be_invited() -> None:
    assert check_channels([]).line.endswith("Write `/invite @Quarterdeck` where it should work.")
    assert check_channels(["#ops", "#eng"]).found == "#ops, #eng"
    assert check_channels([f"#{n}" for n in range(12)]).found.endswith("#9 and 2 more")


def test_names_that_slack_would_refuse_are_told() -> None:
    assert check_manifest({}).found == "commands /execute, /cancel, /qd"
    assert check_manifest({"execute": "/run"}).found == "commands /run, /cancel, /qd"
    check = check_manifest({"execute": "/status"})
    assert check.line == (
        "problem  Manifest  QD_COMMAND_NAMES is not usable."
        " /status is built into Slack and would be refused: choose another name."
    )
