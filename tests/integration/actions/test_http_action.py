"""HTTP actions against a real server: what is sent, what is repeated, and what is said about it."""

import asyncio
import json
import socket
import time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from domain.action import Effect
from domain.runner import Receipt, Retry, RunOutcome
from integrations.http_action import HttpActions
from tests.integration.actions.server import Deployer, deploy, say
from tests.support.wait import until

CHECKOUT = {"service": "checkout", "version": "v43"}


async def _run(actions: HttpActions, arguments: dict[str, Any] | None = None, **call: Any) -> Receipt:
    return await actions.run(deploy(**call), arguments or CHECKOUT, "T-7:1")


async def _hang(request: web.Request) -> web.StreamResponse:
    """Answers only when the client has gone."""
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(30)
    raise asyncio.CancelledError


async def _break(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _text(body: str, status: int = 200) -> Any:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status)

    return respond


def _redirect(location: str, status: int = 307) -> Any:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return respond


async def test_it_sends_what_the_catalogue_says(actions: HttpActions, deployer: Deployer) -> None:
    receipt = await _run(actions, headers={"Authorization": "Bearer ${TOKEN}", "X-Service": "{service}"})
    assert receipt.outcome is RunOutcome.DONE
    assert (receipt.status, receipt.attempts) == (200, 1)
    assert receipt.result == {"ok": True, "previous_version": "v42"}
    [request] = deployer.requests
    assert (request["method"], request["path"]) == ("POST", "/deployments")
    assert json.loads(request["body"]) == CHECKOUT
    assert request["headers"]["Idempotency-Key"] == "T-7:1"
    assert request["headers"]["Authorization"] == "Bearer not-to-be-seen"
    assert request["headers"]["X-Service"] == "checkout"
    assert request["headers"]["Content-Type"] == "application/json"


async def test_the_description_is_the_request_without_its_secrets(actions: HttpActions) -> None:
    action = deploy(address="${DEPLOYER}/s/{text}?v={version}", headers={"Authorization": "Bearer ${TOKEN}"})
    request = actions.describe(action, {**CHECKOUT, "text": "a b/ü"})
    assert request.address == "${DEPLOYER}/s/a%20b%2F%C3%BC?v=v43"
    assert request.headers == {"Authorization": "Bearer ${TOKEN}"}
    assert request.body == CHECKOUT


@pytest.mark.parametrize(
    "text", ["../../admin", "a?b=c&d", "a#b", "%2e%2e", "ü", "a b", "{service}", "${TOKEN}"]
)
async def test_a_value_cannot_leave_its_place_in_an_address(
    actions: HttpActions, deployer: Deployer, text: str
) -> None:
    receipt = await _run(actions, {**CHECKOUT, "text": text}, address="${DEPLOYER}/s/{text}/end")
    assert receipt.outcome is RunOutcome.DONE
    path = deployer.requests[0]["path"]
    assert path.startswith("/s/")
    assert path.endswith("/end")
    assert path.count("/") == 3
    assert "not-to-be-seen" not in path


async def test_dots_alone_are_refused_in_an_address(actions: HttpActions, deployer: Deployer) -> None:
    receipt = await _run(actions, {**CHECKOUT, "text": ".."}, address="${DEPLOYER}/s/{text}/end")
    assert receipt.outcome is RunOutcome.FAILED
    assert deployer.requests == []


async def test_a_value_cannot_leave_its_place_in_a_body(actions: HttpActions, deployer: Deployer) -> None:
    text = '"},"admin":true,"x":"${TOKEN}\n{service}'
    await _run(
        actions, {"service": "checkout", "text": text}, body={"text": "Note: {text}", "n": ["{service}"]}
    )
    assert json.loads(deployer.requests[0]["body"]) == {"text": f"Note: {text}", "n": ["checkout"]}


async def test_a_value_without_a_place_in_the_body_is_left_out(
    actions: HttpActions, deployer: Deployer
) -> None:
    await _run(actions, {"service": "checkout"})
    assert json.loads(deployer.requests[0]["body"]) == {"service": "checkout"}


@pytest.mark.parametrize("text", ["a\r\nX-Admin: 1", "a\x00", "ü"])
async def test_a_value_cannot_add_a_header(actions: HttpActions, deployer: Deployer, text: str) -> None:
    receipt = await _run(actions, {**CHECKOUT, "text": text}, headers={"X-Note": "{text}"})
    assert receipt.outcome is RunOutcome.FAILED
    assert deployer.requests == []


async def test_a_name_that_is_not_set_is_named(deployer: Deployer) -> None:
    receipt = await _run(HttpActions({}))
    assert receipt.outcome is RunOutcome.FAILED
    assert "`DEPLOYER` is not set" in receipt.sentence
    assert receipt.attempts == 0


async def test_500_is_a_failure_and_is_not_repeated(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(500, ok=False, error="disk full"))
    receipt = await _run(actions)
    assert (receipt.outcome, receipt.status, receipt.attempts) == (RunOutcome.FAILED, 500, 1)
    assert receipt.sentence == "POST ${DEPLOYER}/deployments answered 500: disk full."


async def test_200_with_an_error_in_it_is_a_failure(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(ok=False, error="no such version"))
    receipt = await _run(actions)
    assert (receipt.outcome, receipt.status) == (RunOutcome.FAILED, 200)
    assert "no such version" in receipt.sentence


@pytest.mark.parametrize("value", [1, "true", None])
async def test_a_field_must_have_the_value_and_not_one_like_it(
    actions: HttpActions, deployer: Deployer, value: Any
) -> None:
    deployer.answers(say(ok=value))
    assert (await _run(actions)).outcome is RunOutcome.FAILED


@pytest.mark.parametrize("status", [503, 429, 408, 425])
@pytest.mark.parametrize("header", [None, "Idempotency-Key"])
async def test_a_status_that_says_later_is_weather(
    actions: HttpActions, deployer: Deployer, status: int, header: str | None
) -> None:
    deployer.answers(say(status), say(status), say(ok=True))
    receipt = await _run(actions, idempotency_header=header)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.DONE, 3)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_that_does_not_know_is_asked_again_only_with_a_key(
    actions: HttpActions, deployer: Deployer, status: int
) -> None:
    deployer.answers(say(status), say(ok=True))
    assert (await _run(actions)).outcome is RunOutcome.DONE
    deployer.answers(say(status), say(ok=True))
    receipt = await _run(actions, idempotency_header=None)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.IN_DOUBT, 1)


async def test_weather_that_lasts_is_a_failure(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(503, error="closed"))
    receipt = await _run(actions, retries=2)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 3)
    assert receipt.sentence.endswith("answered 503: closed (3 attempts).")


async def test_every_repetition_has_the_same_key_and_is_told_of(deployer: Deployer) -> None:
    told: list[Retry] = []
    actions = HttpActions({"DEPLOYER": deployer.url}, told.append, backoff_seconds=0.01)
    deployer.answers(say(503), say(503), say(ok=True))
    await _run(actions)
    assert {each["headers"]["Idempotency-Key"] for each in deployer.requests} == {"T-7:1"}
    assert [(each.key, each.attempt, each.wait_seconds) for each in told] == [
        ("T-7:1", 1, 0.01),
        ("T-7:1", 2, 0.02),
    ]
    assert told[0].reason == "answered 503"


async def test_retry_after_is_waited_for(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(429, {"Retry-After": "1"}), say(ok=True))
    receipt = await _run(actions)
    assert receipt.outcome is RunOutcome.DONE
    assert receipt.seconds >= 1.0


async def test_a_very_long_retry_after_is_not_waited_for(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(429, {"Retry-After": "3600"}))
    receipt = await _run(actions)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 1)


async def test_a_server_that_hangs_leaves_doubt(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(_hang)
    receipt = await _run(actions, timeout_seconds=0.2, retries=1)
    assert (receipt.outcome, receipt.attempts, receipt.status) == (RunOutcome.IN_DOUBT, 2, None)
    assert "was not answered within 0.2 s (2 attempts). It may have been done or not." in receipt.sentence


async def test_without_a_key_a_lost_answer_is_not_asked_for_again(
    actions: HttpActions, deployer: Deployer
) -> None:
    for lost in (_hang, _break):
        deployer.requests.clear()
        deployer.answers(lost, say(ok=True))
        receipt = await _run(actions, timeout_seconds=0.3, idempotency_header=None)
        assert (receipt.outcome, receipt.attempts) == (RunOutcome.IN_DOUBT, 1)
        assert len(deployer.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_broken_connection_is_repeated_by_us_and_not_by_the_library(
    actions: HttpActions, deployer: Deployer, method: str
) -> None:
    deployer.answers(_break)
    receipt = await _run(actions, method=method, retries=0)
    assert receipt.outcome is RunOutcome.IN_DOUBT
    assert len(deployer.requests) == 1
    deployer.answers(_break, say(ok=True))
    assert (await _run(actions, method=method)).outcome is RunOutcome.DONE


async def test_an_effect_that_comes_late_is_found_by_its_key(
    actions: HttpActions, deployer: Deployer
) -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        deployer.effects.add(request.headers["Idempotency-Key"])
        return await _hang(request)

    async def known(request: web.Request) -> web.StreamResponse:
        assert request.headers["Idempotency-Key"] in deployer.effects
        return web.json_response({"ok": True, "id": "d-1"})

    deployer.answers(late, known)
    receipt = await _run(actions, timeout_seconds=0.3)
    assert (receipt.outcome, receipt.result["id"]) == (RunOutcome.DONE, "d-1")


@pytest.mark.parametrize("status", [500, 503])
async def test_what_fails_when_a_process_had_died_in_it_is_in_doubt(
    actions: HttpActions, deployer: Deployer, status: int
) -> None:
    deployer.answers(say(status))
    receipt = await actions.run(deploy(retries=0), CHECKOUT, "T-7:1", again=True)
    assert receipt.outcome is RunOutcome.IN_DOUBT
    assert "It may have been done or not." in receipt.sentence
    receipt = await actions.run(deploy(Effect.READ, retries=0), CHECKOUT, "T-7:1", again=True)
    assert receipt.outcome is RunOutcome.FAILED, "a reading leaves no doubt behind"


async def test_what_is_refused_when_a_process_had_died_in_it_was_not_done(
    actions: HttpActions, deployer: Deployer
) -> None:
    deployer.answers(say(422, error="no such version"))
    receipt = await actions.run(deploy(), CHECKOUT, "T-7:1", again=True)
    assert receipt.outcome is RunOutcome.FAILED


async def test_what_cannot_be_sent_again_is_in_doubt(actions: HttpActions) -> None:
    action = deploy(headers={"X-Absent": "${ABSENT}"})
    assert (await actions.run(action, CHECKOUT, "T-7:1")).outcome is RunOutcome.FAILED
    receipt = await actions.run(action, CHECKOUT, "T-7:1", again=True)
    assert receipt.outcome is RunOutcome.IN_DOUBT
    assert "`ABSENT` is not set" in receipt.sentence


async def test_doubt_is_not_forgotten_when_the_weather_changes(
    actions: HttpActions, deployer: Deployer
) -> None:
    deployer.answers(_hang, say(503))
    assert (await _run(actions, timeout_seconds=0.3, retries=1)).outcome is RunOutcome.IN_DOUBT
    deployer.answers(_hang, say(500))
    assert (await _run(actions, timeout_seconds=0.3, retries=1)).outcome is RunOutcome.IN_DOUBT
    deployer.answers(_hang, say(404, error="no such service"))
    assert (await _run(actions, timeout_seconds=0.3, retries=1)).outcome is RunOutcome.FAILED


async def test_reading_is_never_in_doubt(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(_hang)
    receipt = await _run(
        actions,
        effect=Effect.READ,
        method="GET",
        body=None,
        timeout_seconds=0.2,
        retries=1,
        idempotency_header=None,
    )
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 2)


async def test_a_connection_that_is_refused_is_weather_and_leaves_no_doubt(deployer: Deployer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        receipt = await _run(
            HttpActions({"DEPLOYER": url}, backoff_seconds=0.01), idempotency_header=None, retries=2
        )
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 3)
    assert "the connection was refused" in receipt.sentence


@pytest.mark.parametrize(
    "location", ["http://elsewhere.invalid/x", "//elsewhere.invalid/x", "mailto:x", "http://[x"]
)
async def test_a_redirect_to_another_host_is_not_followed(
    actions: HttpActions, deployer: Deployer, location: str
) -> None:
    deployer.answers(_redirect(location), say(ok=True))
    receipt = await _run(actions)
    assert receipt.outcome is RunOutcome.FAILED
    assert "a redirect to another host" in receipt.sentence
    assert len(deployer.requests) == 1


async def test_a_redirect_to_another_port_is_another_host(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(_redirect("http://127.0.0.1:9/x"), say(ok=True))
    assert "another host" in (await _run(actions)).sentence


async def test_a_redirect_within_the_host_is_followed_where_it_repeats_the_request(
    actions: HttpActions, deployer: Deployer
) -> None:
    deployer.answers(_redirect("/v2/deployments"), say(ok=True))
    assert (await _run(actions)).outcome is RunOutcome.DONE
    assert deployer.requests[1]["path"] == "/v2/deployments"
    assert deployer.requests[1]["headers"]["Idempotency-Key"] == "T-7:1"
    assert json.loads(deployer.requests[1]["body"]) == CHECKOUT
    deployer.answers(_redirect("/v2/deployments", 302), say(ok=True))
    assert (await _run(actions)).outcome is RunOutcome.FAILED
    deployer.answers(_redirect("/again"))
    assert "one redirect after the other" in (await _run(actions)).sentence


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.1.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
async def test_metadata_and_link_local_hosts_are_refused_even_where_private_ones_are_not(host: str) -> None:
    receipt = await _run(HttpActions({"DEPLOYER": f"http://{host}"}), timeout_seconds=0.5)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 1)
    assert "link-local or metadata host" in receipt.sentence


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]"]
)
async def test_private_hosts_are_refused_unless_allowed(host: str) -> None:
    receipt = await _run(
        HttpActions({"DEPLOYER": f"http://{host}"}), allow_private=False, timeout_seconds=0.5
    )
    assert "`allow_private` would allow it" in receipt.sentence
    assert receipt.attempts == 1


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.0.0.1", "0.0.0.0", "[::]"])
async def test_other_spellings_of_an_address_open_nothing(deployer: Deployer, host: str) -> None:
    port = deployer.url.rpartition(":")[2]
    receipt = await _run(HttpActions({"DEPLOYER": f"http://{host}:{port}"}), allow_private=False, retries=0)
    assert receipt.outcome is RunOutcome.FAILED
    assert deployer.requests == []


class _Names(AbstractResolver):
    """Answers with one address after the other."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = list(addresses), 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%2", "fd00:ec2::254"])
async def test_a_name_that_leads_to_a_metadata_host_is_refused(address: str) -> None:
    actions = HttpActions({"DEPLOYER": "http://deployer.example"}, resolver=_Names(address))
    assert "metadata host" in (await _run(actions)).sentence


async def test_a_name_is_resolved_once_and_the_connection_goes_there(deployer: Deployer) -> None:
    """Rebinding: the second answer would be a metadata host."""
    port = deployer.url.rpartition(":")[2]
    names = _Names("127.0.0.1", "169.254.169.254")
    receipt = await _run(HttpActions({"DEPLOYER": f"http://deployer.example:{port}"}, resolver=names))
    assert receipt.outcome is RunOutcome.DONE
    assert names.asked == 1
    assert deployer.requests[0]["headers"]["Host"].startswith("deployer.example")


async def test_each_attempt_is_judged_anew(deployer: Deployer) -> None:
    port = deployer.url.rpartition(":")[2]
    names = _Names("127.0.0.1", "169.254.169.254")
    deployer.answers(say(503))
    actions = HttpActions({"DEPLOYER": f"http://deployer.example:{port}"}, None, 0.01, names)
    receipt = await _run(actions)
    assert receipt.attempts == 2
    assert "metadata host" in receipt.sentence


async def test_an_answer_without_end_is_not_read_to_its_end(actions: HttpActions, deployer: Deployer) -> None:
    sent = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 200 << 20:
            await response.write(b"x" * 65536)
            sent += 65536
        return response

    deployer.answers(flood)
    start = time.monotonic()
    receipt = await _run(actions)
    assert receipt.outcome is RunOutcome.IN_DOUBT
    assert "longer than 64 KiB" in receipt.sentence
    assert time.monotonic() - start < 3
    assert sent < 100 << 20
    assert (await _run(actions, success_fields={})).outcome is RunOutcome.DONE


@pytest.mark.parametrize("body", ["<html>log in</html>", "", "[1]", '{"ok": NaN}', "[" * 60_000, "9" * 5_000])
async def test_a_success_that_cannot_be_read_leaves_doubt(
    actions: HttpActions, deployer: Deployer, body: str
) -> None:
    deployer.answers(_text(body))
    receipt = await _run(actions)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.IN_DOUBT, 1)
    assert "no JSON object" in receipt.sentence


async def test_what_is_kept_of_an_answer_can_be_stored(actions: HttpActions, deployer: Deployer) -> None:
    fields = {"long": "x" * 9_000, "nul": "a\x00b\ud800", "deep": {"list": list(range(999))}, "id": 7}
    body = json.dumps({"ok": True, **fields})[:-1] + ', "huge": 1e999}'
    deployer.answers(_text(body))
    receipt = await _run(actions)
    assert receipt.outcome is RunOutcome.DONE
    assert receipt.result == {"ok": True, "long": "x" * 500, "nul": "ab", "id": 7}
    json.dumps(receipt.result, allow_nan=False).encode()


@pytest.mark.parametrize("status", [200, 403])
async def test_a_secret_that_the_server_repeats_is_hidden(
    actions: HttpActions, deployer: Deployer, status: int
) -> None:
    deployer.answers(
        say(status, ok=False, error="no access with Bearer not-to-be-seen", not_to="not-to-be-seen")
    )
    receipt = await _run(actions, headers={"Authorization": "Bearer ${TOKEN}"})
    assert "not-to-be-seen" not in receipt.sentence
    assert "not-to-be-seen" not in json.dumps(receipt.result)
    assert "${TOKEN}" in receipt.sentence


async def test_what_a_server_says_is_shortened_and_cleaned(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(say(400, error="bad\x1b[31m\n\u202etext " + "x" * 9_000))
    receipt = await _run(actions)
    assert "bad[31m text" in receipt.sentence
    assert len(receipt.sentence) < 300


async def test_a_host_without_a_trusted_certificate_is_no_weather(deployer: Deployer) -> None:
    receipt = await _run(HttpActions({"DEPLOYER": deployer.url.replace("http:", "https:")}), retries=1)
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 1)
    assert "certificate" in receipt.sentence
    assert deployer.requests == []


@pytest.mark.parametrize("address", ["ftp://x/", "deployer", "http://", "http://[x"])
async def test_an_address_that_is_none_is_said_to_be(address: str) -> None:
    receipt = await _run(HttpActions({"DEPLOYER": address}))
    assert (receipt.outcome, receipt.attempts) == (RunOutcome.FAILED, 1)
    assert "was not sent" in receipt.sentence


async def test_a_secret_that_cannot_be_a_header_is_not_sent(deployer: Deployer) -> None:
    actions = HttpActions({"DEPLOYER": deployer.url, "TOKEN": "two\r\nlines: x"})
    receipt = await _run(actions, headers={"Authorization": "${TOKEN}"})
    assert receipt.outcome is RunOutcome.FAILED
    assert deployer.requests == []


async def test_being_cancelled_ends_the_call(actions: HttpActions, deployer: Deployer) -> None:
    deployer.answers(_hang)
    task = asyncio.create_task(_run(actions, timeout_seconds=30))
    await until(lambda: deployer.requests, "the request has come")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
