"""`quarterdeck approvals`: beside a running bot, and without one."""

import json
import os
import pwd

import pytest

from storage.database import Database
from tests.integration.cli.conftest import Terminal, Typed
from tests.support.hand import Hand, text_of
from tests.support.ops import Ops
from tests.support.process import BotProcess
from tests.support.wait import until

ME = f"os:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def ops(hand: Hand, bot: BotProcess) -> Ops:
    return Ops(hand)


async def test_an_operator_lists_and_approves_beside_the_running_bot(
    ops: Ops, connected: Terminal, database: Database
) -> None:
    task = await ops.execute("roll back checkout to v41 \N{RIGHT-TO-LEFT OVERRIDE}")
    await ops.card(task, "Waits for approval")

    shown = await connected("approvals")
    assert (shown.status, shown.err) == (0, "")
    first, second, third, fourth = shown.out.splitlines()
    assert first.startswith(f"A-1  high  T-{task}  until 20")
    assert second == "  U0DEV asks: roll back checkout to v41 \N{REPLACEMENT CHARACTER}"
    assert third.startswith("  1. roll_back POST ${QD_DEPLOYER_URL}/rollbacks {")
    assert fourth.startswith("  needs one lead (")
    [entry] = json.loads((await connected("approvals", "--json")).out)["approvals"]
    assert (entry["id"], entry["task"], entry["state"]) == ("A-1", f"T-{task}", "pending")

    made = await connected("approvals", "approve", "A-1", "--reason", "the pager rings")
    assert (made.status, made.out, made.err) == (0, "A-1 is approved.\n", "")
    done = await ops.card(task, "Done")
    assert f"{ME} (team lead)" in text_of(done)
    assert "the pager rings" in text_of(done)
    assert await ops.version() == "v41"

    late = await connected("approvals", "approve", "A-1")
    assert (late.status, late.out) == (1, "")
    assert late.err.startswith("A-1 has already been approved")
    assert len(late.err.splitlines()) == 1
    [ended] = json.loads((await connected("approvals", "list", "--state", "approved", "--json")).out)[
        "approvals"
    ]
    assert [each["person"] for each in ended["decisions"]] == [ME]
    assert await read_doors(database) == [
        ("approval.approved", ME, "command_line"),
        ("approval.refused", ME, "command_line"),
    ]


async def test_what_is_decided_while_no_bot_runs_is_done_after_the_next_start(
    ops: Ops, bot: BotProcess, connected: Terminal
) -> None:
    first = await ops.execute("roll back checkout to v41")
    await ops.card(first, "Waits for approval")
    second = await ops.execute("restart search")
    await ops.card(second, "Waits for approval")
    await bot.kill()

    made = await connected("approvals", "approve", "A-1", "--json")
    assert json.loads(made.out)["state"] == "approved"
    told = await connected("approvals", "reject", "A-2", "--reason", "not on a Friday")
    assert (told.status, told.out) == (0, "A-2 is rejected.\n")
    assert await ops.version() == "v42"

    await bot.start()
    await ops.card(first, "Done")
    assert await ops.version() == "v41"
    assert "not on a Friday" in text_of(await ops.card(second, "Rejected"))
    await until(lambda: counts(bot), "the bot counts what was decided without it")


async def counts(bot: BotProcess) -> bool:
    metrics = (await bot.get("/metrics"))[1].splitlines()
    return {
        'approval_decisions_total{decision="approved",risk_level="high"} 1.0',
        'approval_decisions_total{decision="rejected",risk_level="high"} 1.0',
        'approval_requests_total{risk_level="high"} 0.0',
    } <= set(metrics)


async def test_one_operator_is_one_person(ops: Ops, connected: Terminal) -> None:
    task = await ops.execute("delete the service search")
    await ops.card(task, "Waits for approval")

    reasonless = await connected("approvals", "approve", "A-1")
    assert reasonless.status == 1
    assert "needs a reason" in reasonless.err
    first = await connected("approvals", "approve", "A-1", "--reason", "it is unused")
    assert "it needs one more person" in first.out
    again = await connected("approvals", "approve", "A-1", "--reason", "it is unused")
    assert again.status == 1
    assert "one person counts once" in again.err
    await ops.card(task, "Waits for approval")


async def test_there_is_none(connected: Terminal) -> None:
    assert (await connected("approvals")).out == "Nothing waits for approval.\n"
    missing = await connected("approvals", "approve", "A-7")
    assert (missing.status, missing.out, missing.err) == (1, "", "There is no A-7.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["approvals", "decide"],
        ["approvals", "approve"],
        ["approvals", "approve", "3"],
        ["approvals", "reject", "A-3"],
        ["approvals", "list", "--state", "lost"],
    ],
    ids=" ".join,
)
def test_wrong_usage_shows_the_usage(typed: Typed, arguments: list[str]) -> None:
    ended = typed(*arguments)

    assert ended.status == 2
    assert ended.err.startswith("usage: quarterdeck approvals")


async def read_doors(database: Database) -> list[tuple[str, str, str]]:
    """Who decided on approvals, and through which door."""
    rows = await database.quick.fetch(
        "SELECT action, user_id, facts->>'door' AS door FROM audit JOIN person ON pseudonym = actor"
        " WHERE object_type = 'approval' ORDER BY id"
    )
    return [(row["action"], row["user_id"], row["door"]) for row in rows]
