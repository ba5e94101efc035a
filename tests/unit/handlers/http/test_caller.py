"""Who may call the API where there is a real Slack, and what counts as this machine."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from handlers.http.api.caller import GATE, Gate, authenticate, is_loopback, open_gate
from handlers.http.api.fault import Fault


def request(gate: Gate, **headers: str) -> web.Request:
    app = web.Application()
    app[GATE] = gate
    return make_mocked_request("GET", "/api/v1/approvals?user=U0LEAD", headers=headers, app=app)


def test_with_a_real_slack_nobody_is_believed_without_a_token() -> None:
    gate = Gate({}, sandbox=False, loopback=True, services=lambda: None)

    with pytest.raises(Fault) as caught:
        authenticate(request(gate))
    assert (caught.value.status, caught.value.code) == (401, "token_missing")
    assert "set QD_API_TOKEN" in caught.value.sentence


def test_a_token_is_its_person_whatever_the_call_says() -> None:
    gate = Gate({"hunter22": "U0DEV"}, sandbox=True, loopback=True, services=lambda: None)
    assert authenticate(request(gate, Authorization="Bearer hunter22")) == "U0DEV"
    assert authenticate(request(gate, Authorization="bearer  hunter22 ")) == "U0DEV"


def test_nobody_is_served_while_the_bot_starts() -> None:
    gate = Gate({}, sandbox=True, loopback=True, services=lambda: None)
    with pytest.raises(Fault) as caught:
        open_gate(request(gate, Host="127.0.0.1:8080"))
    assert (caught.value.status, caught.value.code) == (503, "starting")
    assert caught.value.response.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.evil.example", False),
        ("", False),
        (None, False),
    ],
)
def test_this_machine(host: str | None, here: bool) -> None:
    assert is_loopback(host) is here
