"""Wrong usage and wrong configuration: status 2 and one sentence that names the fix."""

import asyncio
import re
from pathlib import Path

import pytest
import yaml

from tests.integration.cli.conftest import Terminal, Typed

NOWHERE = "postgresql://quarterdeck:hunter22@127.0.0.1:1/quarterdeck"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["up", "--nonsense"],
        ["up", "--http-port", "x"],
        ["export"],
        ["export", "audit", "--since", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_shows_the_usage(typed: Typed, arguments: list[str]) -> None:
    ended = typed(*arguments)

    assert ended.status == 2
    assert ended.err.startswith("usage: quarterdeck")
    assert "Traceback" not in ended.err


def test_help_names_every_command(typed: Typed) -> None:
    ended = typed("--help")

    assert ended.status == 0
    for command in ("up", "doctor", "migrate", "manifest", "approvals", "export"):
        assert re.search(rf"\n    {command}\s", ended.out), command


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"DATABASE_URL": "mysql://u:hunter22@db/x"}, "DATABASE_URL is not usable: a PostgreSQL address"),
        ({"DATABASE_URL": "postgresql://u:hunter22@127.0.0.1:port/x"}, "DATABASE_URL is not an address"),
        ({"DATABASE_URL": NOWHERE}, "check that DATABASE_URL is right and the server runs"),
        (
            {"DATABASE_URL": NOWHERE + "?sslmode=require&connect_timeout=5"},
            "check that DATABASE_URL is right",
        ),
        ({"DATABASE_URL": NOWHERE + "?sslmode=sometimes"}, "check that DATABASE_URL is right"),
        ({"DATABASE_URL": "postgresql:///x?host=/nowhere"}, "check that DATABASE_URL is right"),
        ({"SLACK_BOT_TOKEN": "hunter22"}, "set SLACK_APP_TOKEN too, or neither"),
        ({"SLACK_APP_TOKEN": "hunter22"}, "set SLACK_BOT_TOKEN too, or neither"),
        ({"QD_HTTP_PORT": "hunter22"}, "QD_HTTP_PORT is not usable"),
        ({"QD_LOG_FORMAT": "hunter22"}, "QD_LOG_FORMAT is not usable"),
    ],
    ids=lambda value: None if isinstance(value, str) else "&".join(value),
)
def test_wrong_configuration_is_told_in_one_sentence(
    typed: Typed, settings: dict[str, str], fix: str
) -> None:
    ended = typed("up", **settings)

    assert fix in ended.sentence
    assert "hunter22" not in ended.err
    assert ended.out == ""


def test_a_wrong_line_in_the_env_file_is_told(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("QD_SANDBOX_PORT=hunter22\n")
    assert typed("migrate").sentence.startswith("QD_SANDBOX_PORT is not usable")


def test_a_data_folder_that_cannot_be_is_told(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "pass another --data-dir" in typed("up", "--data-dir", tmp_path / "file").sentence


async def test_a_port_that_is_taken_is_told_with_the_option_that_mends_it(
    connected: Terminal, taken_port: int
) -> None:
    http, sandbox = await asyncio.gather(
        connected("up", "--http-port", taken_port, "--sandbox-port", 0),
        connected("up", "--http-port", 0, "--sandbox-port", taken_port),
    )
    assert "pass --http-port with another" in http.sentence
    assert str(taken_port) in http.sentence
    assert "pass --sandbox-port with another" in sandbox.sentence


def test_the_sandboxs_tokens_go_nowhere_but_to_this_machine(typed: Typed, connected: Terminal) -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-sandbox", "SLACK_APP_TOKEN": "xapp-sandbox"}
    ended = typed("up", SLACK_API_URL="https://slack.invalid/api/", **connected.environment, **tokens)
    assert "set SLACK_BOT_TOKEN to your app's" in ended.sentence


async def test_a_token_that_slack_refuses_is_told(connected: Terminal, sandbox_url: str) -> None:
    tokens = {"SLACK_BOT_TOKEN": "hunter22", "SLACK_APP_TOKEN": "hunter22"}
    ended = await connected("up", "--http-port", 0, SLACK_API_URL=f"{sandbox_url}/api/", **tokens)

    assert ended.sentence.startswith("Slack refuses SLACK_BOT_TOKEN")
    assert "hunter22" not in ended.err


def test_the_manifest_is_yaml_to_paste(typed: Typed) -> None:
    ended = typed("manifest", QD_COMMAND_NAMES="execute=/run")

    assert ended.status == 0
    commands = yaml.safe_load(ended.out)["features"]["slash_commands"]
    assert [each["command"] for each in commands] == ["/run", "/cancel", "/qd"]
    assert ended.err == ""


def test_a_manifest_that_slack_would_refuse_is_not_printed(typed: Typed) -> None:
    ended = typed("manifest", QD_COMMAND_NAMES="execute=/status")

    assert ended.sentence.startswith("QD_COMMAND_NAMES is not usable: /status is built into Slack")
    assert ended.out == ""
