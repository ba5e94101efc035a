"""Who may let a plan run, when, and what everybody else is told. Real clicks on a real bot; nothing runs without a
decision that counts.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.postgres import Cluster
from tests.support.hand import key_of, text_of
from tests.support.office import Office, open_office
from tests.support.wait import until

DEFAULTS = Path(__file__).parents[2] / "bot/defaults"
TTL_SECONDS = 6


@pytest.fixture(scope="module")
async def office(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot with everything as it is packaged; a test leaves nothing open behind."""
    async with open_office(cluster, tmp_path_factory.mktemp("approval")) as office:
        yield office


async def test_medium_may_be_approved_by_who_asked_with_a_role_and_by_nobody_without(office: Office) -> None:
    task = await office.execute("restart checkout in staging", user="U0ONCALL")
    card = await office.card(task, "medium risk")
    await office.click(card, "approval.approve", "U0DEV")
    assert "Your role does not decide" in await office.told("U0DEV", "It takes one approver")
    assert await office.effects(task) == {}
    assert (await office.click(card, "approval.approve", "U0ONCALL"))["ok"]
    await office.card(task, "approved by <@U0ONCALL> (on call)")
    await office.card(task, "Done")


async def test_high_is_never_approved_by_who_asked_nor_by_less_than_a_lead(office: Office) -> None:
    task = await office.execute("restart search", user="U0LEAD")
    card = await office.card(task, "high risk")
    words = text_of(card)
    assert "POST ${QD_DEPLOYER_URL}/restarts" in words
    assert '"search"' in words
    assert "but not who asked" in words
    await office.click(card, "approval.approve", "U0LEAD")
    assert f"/cancel T-{task}" in await office.told("U0LEAD", "You asked for A-")
    await office.click(card, "approval.reject", "U0LEAD")
    await office.click(card, "approval.approve", "U0ONCALL")
    await office.told("U0ONCALL", "one lead")
    assert await office.effects(task) == {}
    assert not [each for each in (await office.hand.state())["views"] if each["user"] == "U0LEAD"]
    await office.approve(task, "U0MANAGER")
    await office.card(task, "Done")


async def test_critical_takes_two_people_with_a_reason_each(office: Office) -> None:
    task = await office.execute("delete mobile-api")
    card = await office.card(task, "critical risk")
    await office.click(card, "approval.approve", "U0ONCALL")
    empty = await office.fill_in("U0ONCALL", "   ")
    assert "say why" in empty["errors"]["reason"]
    assert (await office.fill_in("U0ONCALL", "it is retired"))["ok"]
    await office.told("U0ONCALL", "it needs one more person")
    once = await office.card(task, "it is retired")
    assert "approval.approve" in str(once["blocks"])
    await office.click(once, "approval.approve", "U0ONCALL")
    await office.told("U0ONCALL", "You have decided on A-")
    assert await office.effects(task) == {}
    await office.click(once, "approval.approve", "U0LEAD")
    assert (await office.fill_in("U0LEAD", "agreed with the team"))["ok"]
    done = await office.card(task, "Done")
    assert "agreed with the team" in text_of(done)
    assert "approval.approve" not in str(done["blocks"])
    status = await office.status(task)
    assert "approved by <@U0ONCALL> (on call)" in status
    assert "approved by <@U0LEAD> (tech lead)" in status


async def test_a_late_click_is_answered_in_private(office: Office) -> None:
    task = await office.execute("restart search")
    card = await office.card(task, "Waits for approval")
    await office.hand("faults", rate_limit={"method": "chat.update", "retry_after": 2, "times": 1})
    await office.click(card, "approval.approve", "U0LEAD")
    # The card cannot be changed just now, so that its buttons still stand.
    assert (await office.click(card, "approval.approve", "U0MANAGER"))["ok"]
    await office.told("U0MANAGER", "has already been approved, so your decision was not counted")
    assert (await office.click(card, "approval.reject", "U0MANAGER"))["ok"]
    done = await office.card(task, "Done")
    assert not (await office.click(done, "approval.approve", "U0MANAGER"))["ok"]
    assert await office.effects(task) == {"1": 1}


async def test_approve_and_reject_in_the_same_instant_have_one_outcome(office: Office) -> None:
    task = await office.execute("restart payments")
    card = await office.card(task, "Waits for approval")
    await office.click(card, "approval.reject", "U0MANAGER")
    await office.form("U0MANAGER", "Reject")
    await asyncio.gather(
        office.click(card, "approval.approve", "U0LEAD"), office.fill_in("U0MANAGER", "not now")
    )
    ended = await until(lambda: _ended(office, task), "one of the two has counted")
    done = "✅ Done" in ended
    assert ("approved by" in ended, "rejected by" in ended) == (done, not done), ended
    assert await office.effects(task) == ({"1": 1} if done else {})
    await office.told("U0MANAGER" if done else "U0LEAD", "so your decision was not counted")


async def _ended(office: Office, task: int) -> str | None:
    words = text_of(await office.card(task, f"T-{task}"))
    return words if "✅ Done" in words or "✋ Rejected" in words else None


async def test_a_rejection_needs_a_reason_and_nothing_is_done(office: Office) -> None:
    task = await office.execute("restart auth")
    card = await office.card(task, "Waits for approval")
    await office.click(card, "approval.reject", "U0LEAD")
    assert "say why" in (await office.fill_in("U0LEAD", " "))["errors"]["reason"]
    await office.fill_in("U0LEAD", "the sale runs until Monday")
    rejected = await office.card(task, "✋ Rejected")
    assert "Rejected: the sale runs until Monday" in text_of(rejected)
    assert "rejected by <@U0LEAD>" in text_of(rejected)
    assert await office.effects(task) == {}


async def test_what_waits_for_me_is_listed_for_me(office: Office) -> None:
    high = await office.execute("restart search", user="U0LEAD")
    medium = await office.execute("restart checkout in staging")
    await office.card(high, "Waits for approval")
    await office.card(medium, "Waits for approval")
    for user, expected in {
        "U0DEV": [],
        "U0ONCALL": [medium],
        "U0LEAD": [medium],
        "U0MANAGER": [high, medium],
    }.items():
        words = await office.private("/qd approvals", user=user)
        assert [task for task in (high, medium) if f"T-{task}" in words] == expected, (user, words)
    assert "Nothing waits for your approval." in await office.private("/qd approvals", user="U0DEV")
    for task, user in ((high, "U0LEAD"), (medium, "U0DEV")):
        await office.private(f"/cancel T-{task}", user=user)


async def test_a_delegate_decides_in_the_lenders_place_but_never_on_what_they_asked_for(
    office: Office,
) -> None:
    others = await office.execute("restart search", user="U0ONCALL")
    own = await office.execute("restart auth", user="U0DEV")
    card = await office.card(others, "Waits for approval")
    await office.click(card, "approval.approve", "U0DEV")
    await office.told("U0DEV", "Your role does not decide")
    assert "<@U0DEV> may decide in your place" in await office.private(
        "/qd delegate @dev until 23:59", user="U0MANAGER"
    )
    await office.told("U0DEV", "in place of <@U0MANAGER>")
    waiting = await office.private("/qd approvals", user="U0DEV")
    assert f"T-{others}" in waiting
    assert f"T-{own}" not in waiting
    await office.click(await office.card(own, "Waits for approval"), "approval.approve", "U0DEV")
    await office.told("U0DEV", "You asked for A-")
    assert (await office.click(card, "approval.approve", "U0DEV"))["ok"]
    done = await office.card(others, "Done")
    assert "approved by <@U0DEV> (engineering manager)" in text_of(done)
    assert "for <@U0MANAGER>" in text_of(done)
    assert await office.effects(own) == {}
    await office.private(f"/cancel T-{own}")
    assert "yourself" in await office.private("/qd delegate @lead for 1 hour", user="U0LEAD")


class Files:
    """The configuration of a bot, to be changed while it is down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("actions", "policy", "config-sandbox"):
            self.write(name, (DEFAULTS / f"{name}.yaml").read_text())

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.yaml"

    def write(self, name: str, text: str) -> None:
        self.path(name).write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    @property
    def settings(self) -> dict[str, str]:
        names = {"QD_ACTIONS": "actions", "QD_POLICY": "policy", "QD_CONFIG": "config-sandbox"}
        return {variable: str(self.path(name)) for variable, name in names.items()}


async def test_what_changes_while_approvals_wait(cluster: Cluster, tmp_path: Path) -> None:
    """Roles are asked for at the click, a requirement stays as it was made, other requests than agreed are not sent,
    and what a clock that was put forward ends has ended. One restart for all of it.
    """
    files = Files(tmp_path)
    async with open_office(cluster, tmp_path / "bot", **files.settings) as office:
        asked = {
            "role": await office.execute("restart search"),
            "policy": await office.execute("restart checkout in staging"),
            "catalogue": await office.execute("scale auth to 3 replicas"),
            "time": await office.execute("restart payments"),
        }
        cards = {name: await office.card(task, "Waits for approval") for name, task in asked.items()}
        await office.bot.stop()
        dead = await office.click(cards["role"], "approval.approve", "U0LEAD")
        assert not dead["ok"]
        files.change("config-sandbox", "tech_lead: [U0LEAD]", "tech_lead: [U0ONCALL]")
        files.change("policy", "count: 1\n    roles: [on_call", "count: 2\n    roles: [on_call")
        files.change("actions", "${QD_DEPLOYER_URL}/scale", "${QD_DEPLOYER_URL}/elsewhere")
        await office.rows.execute(
            "UPDATE approval SET created_at = created_at - interval '1 day',"
            " expires_at = expires_at - interval '1 day' WHERE task = $1",
            asked["time"],
        )
        await office.bot.start()

        await office.click(cards["role"], "approval.approve", "U0LEAD")
        await office.told("U0LEAD", "Your role does not decide")
        assert (await office.click(cards["role"], "approval.approve", "U0MANAGER"))["ok"]
        await office.card(asked["role"], "Done")

        assert (await office.click(cards["policy"], "approval.approve", "U0ONCALL"))["ok"]
        await office.card(asked["policy"], "Done")
        later = await office.execute("restart checkout in staging")
        await office.card(later, "two different approvers")

        assert (await office.click(cards["catalogue"], "approval.approve", "U0MANAGER"))["ok"]
        failed = await office.card(asked["catalogue"], "Failed")
        assert "not what was agreed to any more" in text_of(failed)
        assert await office.effects(asked["catalogue"]) == {}

        assert (await office.click(cards["time"], "approval.approve", "U0MANAGER"))["ok"]
        await office.told("U0MANAGER", "has expired, so your decision was not counted")
        expired = await office.card(asked["time"], "Expired")
        assert "approval.approve" not in str(expired["blocks"])
        assert await office.effects(asked["time"]) == {}


@pytest.fixture(scope="module")
async def hurried(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot whose approvals live for some seconds."""
    settings = {"QD_APPROVAL_TTL_SECONDS": str(TTL_SECONDS)}
    async with open_office(cluster, tmp_path_factory.mktemp("hurried"), **settings) as office:
        yield office


async def test_one_reminder_one_escalation_and_the_end(hurried: Office) -> None:
    half = await _agree_to_half(hurried)
    task = await hurried.execute("restart search")
    card = await hurried.card(task, "Waits for approval")
    number = await hurried.rows.fetchval("SELECT number FROM approval WHERE task = $1", task)
    reminder = await hurried.posted(f"approval:{number}:reminder", "still waits for approval")
    assert reminder["thread_ts"] == card["ts"]
    for person, called in {"U0LEAD": True, "U0MANAGER": True, "U0ONCALL": False, "U0DEV": False}.items():
        assert (f"<@{person}>" in text_of(reminder)) is called, person
    escalation = await hurried.posted(f"approval:{number}:escalation", "It is escalated")
    assert "<@U0MANAGER>" in text_of(escalation)
    assert "<@U0LEAD>" not in text_of(escalation)
    waiting = await hurried.card(task, "Escalated to engineering manager")
    await hurried.hand("faults", rate_limit={"method": "chat.update", "retry_after": 2, "times": 1})
    await until(lambda: _is_expired(hurried, task), "its time is over")
    # The card cannot be changed just now, so that its buttons still stand.
    assert (await hurried.click(waiting, "approval.approve", "U0LEAD"))["ok"]
    await hurried.told("U0LEAD", "has expired, so your decision was not counted and nothing was done")
    expired = await hurried.card(task, "⌛ Expired")
    assert "Nobody decided in time, and nothing was done." in text_of(expired)
    assert "approval.approve" not in str(expired["blocks"])
    assert await hurried.effects(task) == {}
    await _see_who_was_reminded(hurried, half)
    keys = [key_of(each) for each in await hurried.hand.cards()]
    assert len([key for key in keys if key and key.startswith(f"approval:{number}:")]) == 2


async def _is_expired(office: Office, task: int) -> bool:
    state: Any = await office.rows.fetchval("SELECT state FROM task WHERE number = $1", task)
    return bool(state == "expired")


async def _agree_to_half(office: Office) -> int:
    """A lead agrees to what takes two people."""
    task = await office.execute("delete search")
    card = await office.card(task, "critical risk")
    await office.click(card, "approval.approve", "U0LEAD")
    await office.fill_in("U0LEAD", "it is retired")
    await office.card(task, "it is retired")
    return task


async def _see_who_was_reminded(office: Office, task: int) -> None:
    """Not who has agreed already; and half an approval is none."""
    number = await office.rows.fetchval("SELECT number FROM approval WHERE task = $1", task)
    reminder = await office.posted(f"approval:{number}:reminder", "still waits for approval")
    assert "<@U0LEAD>" not in text_of(reminder)
    assert "<@U0ONCALL>" in text_of(reminder)
    await office.card(task, "⌛ Expired")
    assert await office.effects(task) == {}
