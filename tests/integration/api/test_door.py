"""Who may call `/api/v1/`, and what a call that is wrong is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.api.conftest import Api
from tests.support.hand import Hand
from tests.support.process import BotProcess, running_bot

TOKENS = "first-token-of-many:U0LEAD,second:with:colons:U0DEV"


@pytest.fixture
async def guarded(
    sandbox_url: str, hand: Hand, database_url: str, tmp_path: Path
) -> AsyncIterator[BotProcess]:
    """A bot with tokens."""
    async with running_bot(sandbox_url, database_url, tmp_path / "bot.log", QD_API_TOKEN=TOKENS) as bot:
        yield bot


async def test_with_tokens_nobody_comes_in_without_one(guarded: BotProcess) -> None:
    async with aiohttp.ClientSession() as session:
        api = Api(guarded.url, session)
        assert (await api("GET", "/approvals", token="first-token-of-many")).body == {"approvals": []}
        assert (await api("GET", "/approvals", token="second:with:colons")).status == 200
        decided = await api("POST", "/approvals/A-1", {"decision": "approve"}, token="first-token-of-many")
        assert decided.error == (404, "not_found")

        missing = await api("GET", "/approvals", user="U0LEAD")
        assert missing.error == (401, "token_missing")
        assert missing.headers["WWW-Authenticate"] == "Bearer"
        for wrong in ("", "first-token-of-man", "first-token-of-many:U0LEAD", "second", "é"):
            refused = await api("GET", "/approvals", headers={"Authorization": f"Bearer {wrong}"})
            assert refused.error[0] == 401, wrong
        assert (await api("POST", "/approvals/A-1", {"decision": "approve"}, user="U0LEAD")).error == (
            401,
            "token_missing",
        )
        basic = {"Authorization": "Basic first-token-of-many"}
        assert (await api("GET", "/approvals", headers=basic)).error[0] == 401
    assert "first-token-of-many" not in guarded.read_log()


async def test_on_the_sandbox_a_caller_says_who_it_is(api: Api) -> None:
    assert (await api("GET", "/approvals")).error == (401, "user_missing")
    assert (await api("GET", "/approvals", user="somebody")).error == (401, "user_missing")
    assert (await api("POST", "/approvals/A-1", {"decision": "approve"})).error == (401, "user_missing")
    assert (await api("GET", "/approvals", token="any")).error == (401, "unknown_token")
    assert (await api("GET", "/approvals", user="U0LEAD")).status == 200
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert (await api("GET", "/approvals", user="U0LEAD", headers=forwarded)).error == (401, "token_missing")


async def test_a_page_that_a_browser_was_led_to_cannot_call(api: Api) -> None:
    port = api.url.rsplit(":", 1)[1]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "["):
        refused = await api("GET", "/approvals", user="U0LEAD", headers={"Host": host})
        assert refused.error == (403, "foreign_host"), host
    for host in (f"localhost:{port}", "127.0.0.1", f"[::1]:{port}"):
        assert (await api("GET", "/approvals", user="U0LEAD", headers={"Host": host})).status == 200, host

    for header in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = await api("GET", "/approvals", user="U0LEAD", headers=header)
        assert refused.error == (403, "foreign_origin"), header
    form = {"Content-Type": "text/plain"}
    simple = await api("POST", "/approvals/A-1", data=b'{"decision":"approve","user":"U0LEAD"}', headers=form)
    assert simple.error == (415, "not_json")


WRONG = [
    (b"", (400, "invalid_json")),
    (b"{", (400, "invalid_json")),
    (b"\xff\xfe", (400, "invalid_json")),
    (b"[" * 60_000, (400, "invalid_json")),
    (b'["approve"]', (400, "invalid_json")),
    (b'{"user":"U0LEAD"}', (400, "invalid_decision")),
    (b'{"user":"U0LEAD","decision":["approve"]}', (400, "invalid_decision")),
    (b'{"user":"U0LEAD","decision":"reject","reason":7}', (400, "invalid")),
    (b'{"user":"U0LEAD","decision":"reject","reason":"\\ud800"}', (400, "invalid")),
    (b'{"user":"U0LEAD","decision":"reject","reason":"' + b"x" * 1_001 + b'"}', (400, "invalid")),
    (b'{"user":"U0LEAD","decision":"reject","reason":"' + b"x" * 70_000 + b'"}', (413, "too_large")),
]


async def test_what_cannot_be_read_is_told(api: Api) -> None:
    for data, expected in WRONG:
        assert (await api("POST", "/approvals/A-1", data=data)).error == expected, data[:60]
    assert (await api("GET", "/approvals?state=lost", user="U0LEAD")).error == (400, "unknown_state")
    for path in ("/approvals/A-x", "/approvals/3", "/approvals/A-" + "9" * 30, "/nothing"):
        assert (await api("GET", path, user="U0LEAD")).error == (404, "not_found"), path
    assert (await api("DELETE", "/approvals/A-1", user="U0LEAD")).error == (405, "method_not_allowed")
    key = {"Idempotency-Key": "x" * 201}
    assert (await api.approve("A-1", "U0LEAD", headers=key)).error == (400, "invalid_key")
