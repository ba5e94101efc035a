"""`quarterdeck doctor` against a real database and a Slack that is well, or not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot import doctor
from bot.check import Check
from bot.postgres import Cluster
from bot.settings import load
from sandbox.manifest import load_manifest
from sandbox.server import serve
from tests.integration.cli.conftest import Terminal, Typed, run
from tests.support.hand import Hand
from tests.support.store import fresh_database

Examine = Callable[..., Awaitable[dict[str, Check]]]


@pytest.fixture
def examine(sandbox_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """The checks by subject, of settings that are well but for what is given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "who.yaml").write_text("roles: {cto: U0BOSS, on_call: U0CALL}\n")
    monkeypatch.setenv("QD_DEPLOYER_URL", "https://deployer.invalid")
    monkeypatch.setenv("QD_DEPLOYER_TOKEN", "hunter22")

    async def run_checks(**settings: str | Path | None) -> dict[str, Check]:
        well = {
            "database_url": database_url,
            "slack_api_url": f"{sandbox_url}/api/",
            "slack_bot_token": "xoxb-sandbox",
            "slack_app_token": "xapp-sandbox",
            "config": tmp_path / "who.yaml",
        }
        checks = await doctor.examine(load(**well | settings))
        return {check.subject: check for check in checks}

    return run_checks


def problems(checks: dict[str, Check]) -> set[str]:
    return {subject for subject, check in checks.items() if check.fix}


async def test_all_is_well(connected: Terminal, sandbox_url: str) -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-sandbox", "SLACK_APP_TOKEN": "xapp-sandbox"}
    (connected.folder / "who.yaml").write_text("roles: {cto: U0BOSS, on_call: [S0GROUP]}\n")
    house = {
        "QD_CONFIG": "who.yaml",
        "QD_DEPLOYER_URL": "https://deployer.invalid",
        "QD_DEPLOYER_TOKEN": "hunter22",
        "QD_API_TOKEN": "hunter22-hunter22:U0BOSS",
    }
    ended = await connected("doctor", SLACK_API_URL=f"{sandbox_url}/api", **tokens, **house)

    assert (ended.status, ended.err) == (0, "")
    assert "hunter22" not in ended.out
    lines = ended.out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        *(["ok", "Python"], ["ok", "Database"], ["ok", "Manifest"], ["ok", "Actions"], ["ok", "Policy"]),
        *(["ok", "Roles"], ["ok", "API"], ["ok", "Slack"], ["ok", "Scopes"]),
        *(["ok", "Channels"], ["ok", "Socket"], ["ok", "Model"]),
    ]
    assert "on call, CTO; nobody is team lead, tech lead, engineering manager, security team" in ended.out
    assert "#ops, #incidents, #engineering" in ended.out
    assert "the rules answer" in lines[-1]


def test_without_tokens_and_without_a_database_it_says_what_is_used_and_makes_nothing(
    typed: Typed, tmp_path: Path
) -> None:
    ended = typed("doctor")

    assert (ended.status, ended.err) == (0, "")
    assert "no tokens are set: `quarterdeck up` uses the sandbox" in ended.out
    assert "none yet: `quarterdeck up` makes one in .quarterdeck" in ended.out
    assert list(tmp_path.iterdir()) == []


def test_one_problem_is_enough_for_the_status(typed: Typed) -> None:
    ended = typed("doctor", QD_COMMAND_NAMES="execute=/status")

    assert (ended.status, ended.err) == (1, "")
    assert "problem  Manifest  QD_COMMAND_NAMES is not usable. /status is built into Slack" in ended.out


async def test_a_value_that_the_catalogue_needs(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QD_DEPLOYER_TOKEN")
    checks = await examine()

    assert problems(checks) == {"Actions"}
    assert "QD_DEPLOYER_TOKEN is not set, so these fail: delete_service, deploy, " in checks["Actions"].line


async def test_files_that_cannot_be_used(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("roles: {king: [U0BOSS]}\n")
    checks = await examine(config=tmp_path / "bad.yaml", policy=tmp_path / "none", actions=tmp_path / "none")
    assert problems(checks) == {"Actions", "Policy"}
    assert "QD_POLICY" in checks["Policy"].line

    checks = await examine(config=tmp_path / "bad.yaml")
    assert problems(checks) == {"Roles"}
    assert "bad.yaml, line 1" in checks["Roles"].line


async def test_roles_that_nobody_has(examine: Examine, tmp_path: Path) -> None:
    checks = await examine(config=None)
    assert problems(checks) == {"Roles"}
    assert "nobody can approve what is medium, which needs one approver (" in checks["Roles"].line

    (tmp_path / "few.yaml").write_text("roles: {cto: U0BOSS, on_call: U0BOSS}\n")
    checks = await examine(config=tmp_path / "few.yaml")
    assert "nobody can approve what is critical, which needs two different approvers" in checks["Roles"].line
    assert "Give people these roles in the file of QD_CONFIG" in checks["Roles"].line

    (tmp_path / "call.yaml").write_text("roles: {on_call: [U0CALL, U0BOSS]}\n")
    assert "what is high" in (await examine(config=tmp_path / "call.yaml"))["Roles"].line


async def test_a_token_that_can_be_guessed(examine: Examine) -> None:
    checks = await examine(api_token="hunter22:U0BOSS")

    assert problems(checks) == {"API"}
    assert "a token of U0BOSS is short enough" in checks["API"].line
    assert "hunter22" not in checks["API"].line


async def test_tokens_that_slack_refuses(examine: Examine) -> None:
    checks = await examine(slack_bot_token="hunter22", slack_app_token="hunter22")

    assert problems(checks) == {"Slack", "Socket"}
    assert "Slack answers invalid_auth. Copy SLACK_BOT_TOKEN again" in checks["Slack"].line
    assert "Copy SLACK_APP_TOKEN again" in checks["Socket"].line
    assert not [check for check in checks.values() if "hunter22" in check.line]


async def test_tokens_that_are_swapped(examine: Examine) -> None:
    checks = await examine(slack_bot_token="xapp-sandbox", slack_app_token="xoxb-sandbox")

    assert problems(checks) == {"Slack", "Socket"}
    assert "The two tokens are swapped" in checks["Slack"].line


async def test_a_slack_that_cannot_be_reached(examine: Examine) -> None:
    checks = await examine(slack_api_url="http://127.0.0.1:1/api/")

    assert problems(checks) == {"Slack", "Socket"}
    assert "Check the network and SLACK_API_URL" in checks["Slack"].line


async def test_an_address_where_no_slack_is(examine: Examine, sandbox_url: str) -> None:
    checks = await examine(slack_api_url=sandbox_url)
    assert "something that is not Slack answers (HTTP status 404)" in checks["Slack"].line


@pytest.mark.parametrize(
    ("method", "subject", "said"),
    [
        ("users.conversations", "Channels", "Slack answers missing_scope. Install the app again"),
        ("apps.connections.open", "Socket", "Make SLACK_APP_TOKEN anew with the scope connections:write"),
        ("auth.test", "Slack", "Slack answers missing_scope"),
    ],
)
async def test_a_call_that_slack_does_not_allow(
    examine: Examine, hand: Hand, method: str, subject: str, said: str
) -> None:
    assert (await hand("faults", fail={"method": method, "error": "missing_scope", "times": 1}))["ok"]
    checks = await examine()

    assert problems(checks) == {subject}
    assert said in checks[subject].line


async def test_a_busy_slack(examine: Examine, hand: Hand) -> None:
    await hand("faults", rate_limit={"method": "auth.test", "retry_after": 1, "times": 1})
    assert "Ask again in a minute" in (await examine())["Slack"].line


@pytest.fixture
async def poorer_url() -> AsyncIterator[str]:
    """A sandbox whose app was installed with fewer scopes than the manifest has now."""
    full = load_manifest()
    kept = tuple(scope for scope in full.scopes if scope != "im:write")
    async with serve(0, manifest=replace(full, scopes=kept)) as sandbox:
        yield sandbox.api_url


async def test_scopes_that_are_missing(examine: Examine, poorer_url: str) -> None:
    checks = await examine(slack_api_url=poorer_url)

    assert problems(checks) == {"Scopes"}
    assert "im:write missing. Install the app again" in checks["Scopes"].line


async def test_a_database_that_does_not_answer(examine: Examine) -> None:
    checks = await examine(database_url="postgresql://u:hunter22@127.0.0.1:1/x")

    assert problems(checks) == {"Database"}
    assert "Check DATABASE_URL and its server" in checks["Database"].line
    assert "hunter22" not in checks["Database"].line


async def test_a_database_that_was_not_migrated(examine: Examine, cluster: Cluster) -> None:
    async with fresh_database(cluster, template="template0") as url:
        checks = await examine(database_url=url)

        assert problems(checks) == {"Database"}
        assert "schema empty. Run `quarterdeck migrate`" in checks["Database"].line
        # It only looked.
        assert problems(await examine(database_url=url)) == {"Database"}


async def test_a_database_of_a_newer_version(examine: Examine, connected: Terminal) -> None:
    await run(connected.environment["DATABASE_URL"], "UPDATE alembic_version SET version_num = '9999'")
    assert "A newer Quarterdeck used it" in (await examine())["Database"].line


async def test_a_data_folder_that_cannot_be_used(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    checks = await examine(database_url=None, data_dir=tmp_path / "file")

    assert problems(checks) == {"Database"}
    assert "Could not use the data folder" in checks["Database"].line
