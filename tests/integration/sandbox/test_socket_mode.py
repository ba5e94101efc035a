"""Socket Mode as Slack speaks it, seen from a bare WebSocket."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

MENTION = {"user": "U0DEV", "channel": "C0OPS", "text": "@Quarterdeck hello"}


def event_envelopes(socket: Any, type_: str) -> list[dict[str, Any]]:
    return [frame for frame in socket.envelopes if frame["payload"].get("event", {}).get("type") == type_]


async def test_a_ticket_opens_one_connection_only(client: Any) -> None:
    opened = await client.apps_connections_open(app_token="xapp-sandbox")
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(opened["url"]) as first:
            assert (await first.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(opened["url"])


async def test_each_payload_goes_to_one_socket_and_both_get_their_turn(hand: Any, open_socket: Any) -> None:
    first, second = await open_socket(), await open_socket()
    assert second.frames[0]["num_connections"] == 2
    for _ in range(6):
        await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    assert (len(first.envelopes), len(second.envelopes)) == (3, 3)
    assert len({frame["envelope_id"] for frame in first.envelopes + second.envelopes}) == 6


async def test_an_event_without_an_ack_comes_back_three_times_under_the_same_id(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket(ack=None)
    await hand.do("clock", scale=200)
    await hand.do("say", **MENTION)
    await wait_until(lambda: len(event_envelopes(socket, "app_mention")) == 4)
    found = event_envelopes(socket, "app_mention")
    assert [frame["retry_attempt"] for frame in found] == [0, 1, 2, 3]
    assert [frame["retry_reason"] for frame in found] == ["", "timeout", "timeout", "timeout"]
    assert len({frame["payload"]["event_id"] for frame in found}) == 1

    async def given_up() -> bool:
        return any(entry["outcome"] == "lost" for entry in await hand.log("envelope"))

    await wait_until(given_up)
    assert len(event_envelopes(socket, "app_mention")) == 4


async def test_an_event_sent_while_nobody_listens_arrives_later(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    await hand.do("clock", scale=50)
    await hand.do("say", **MENTION)
    socket = await open_socket()
    [found] = await wait_until(lambda: event_envelopes(socket, "app_mention"))
    assert found["retry_attempt"] >= 1
    assert not (await hand.channel("C0OPS"))["is_im"]


async def test_a_command_is_never_repeated_and_the_person_sees_why_it_failed(
    hand: Any, open_socket: Any
) -> None:
    nobody = await hand("command", user="U0DEV", channel="C0OPS", command="/status")
    assert (nobody["ok"], nobody["error"]) == (False, "dispatch_failed")
    await hand.do("clock", scale=20)
    socket = await open_socket(ack=None)
    silent = await hand("command", user="U0DEV", channel="C0OPS", command="/status")
    assert (silent["ok"], silent["error"]) == (False, "operation_timeout")
    await hand.do("clock", scale=1_000_000)  # far beyond every redelivery
    await hand.do("clock", scale=1)
    socket.ack = lambda _frame: None
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    assert len(socket.envelopes) == 2
    assert "retry_attempt" not in socket.envelopes[0]


async def test_accepts_response_payload_is_true_for_commands_and_false_for_events_and_clicks(
    hand: Any, open_socket: Any, client: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
    posted = await client.chat_postMessage(
        channel="C0OPS", text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    await hand.do("say", **MENTION)
    await hand.do("click", user="U0DEV", channel="C0OPS", ts=posted["ts"], action_id="a")
    await wait_until(lambda: event_envelopes(socket, "app_mention"))
    flags = {(frame["type"], frame["accepts_response_payload"]) for frame in socket.envelopes}
    assert flags == {("slash_commands", True), ("events_api", False), ("interactive", False)}


async def test_a_refresh_warns_then_asks_then_closes(hand: Any, open_socket: Any, wait_until: Any) -> None:
    socket = await open_socket()
    await hand.do("clock", scale=20)
    await hand.do("faults", refresh=True)
    await wait_until(lambda: socket.closed)
    reasons = [frame["reason"] for frame in socket.frames if frame["type"] == "disconnect"]
    assert reasons == ["warning", "refresh_requested"]


async def test_a_refresh_takes_one_socket_after_the_other_and_spares_the_warned_one(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    first, second = await open_socket(), await open_socket()
    await hand.do("faults", refresh=True)
    await wait_until(lambda: any(frame["type"] == "disconnect" for frame in first.frames))
    for _ in range(4):
        await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    assert (len(first.envelopes), len(second.envelopes)) == (0, 4)
    assert [frame["type"] for frame in second.frames if "reason" in frame] == []
    await wait_until(lambda: any(frame["type"] == "disconnect" for frame in second.frames))
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    assert len(first.envelopes) + len(second.envelopes) == 5


async def test_a_refresh_of_all_warns_all_in_the_same_moment(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    sockets = [await open_socket() for _ in range(3)]
    began = time.monotonic()
    await hand.do("faults", refresh="all")
    await wait_until(lambda: all(socket.frames[-1]["type"] == "disconnect" for socket in sockets))
    assert time.monotonic() - began < 0.9


async def test_the_eleventh_connection_is_refused_as_too_many(open_socket: Any, wait_until: Any) -> None:
    for _ in range(10):
        await open_socket()
    extra = await open_socket()
    await wait_until(lambda: extra.closed)
    assert [frame.get("reason") for frame in extra.frames] == ["too_many_websockets"]


async def test_the_next_envelope_is_delivered_twice_on_request(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    first, second = await open_socket(), await open_socket()
    await hand.do("faults", duplicate_next=1)
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", text="once", wait_s=0)
    await wait_until(lambda: len(first.envelopes) + len(second.envelopes) == 2)
    one, two = first.envelopes + second.envelopes
    assert one == two
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", text="twice", wait_s=0)
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", text="thrice", wait_s=0)
    assert len(first.envelopes) + len(second.envelopes) == 4


async def test_a_mute_socket_stays_open_and_swallows_everything_but_new_ones_are_healthy(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    mute = await open_socket()
    await hand.do("faults", mute=True)
    await hand.do("clock", scale=20)
    await mute.connection.ping(b"are you there")
    await hand.do("say", **MENTION)
    swallowed = await hand("command", user="U0DEV", channel="C0OPS", command="/status")
    assert swallowed["error"] == "operation_timeout"
    healthy = await open_socket()
    [found] = await wait_until(lambda: event_envelopes(healthy, "app_mention"))
    assert found["retry_attempt"] >= 1
    assert (mute.closed, mute.pongs, mute.envelopes) == (False, 0, [])


async def test_a_socket_mute_for_events_still_answers_pings(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("faults", mute="events")
    await socket.connection.ping(b"sdk-ping-pong:1")
    await wait_until(lambda: socket.pongs == 1)
    await hand.do("clock", scale=20)
    answer = await hand("command", user="U0DEV", channel="C0OPS", command="/status")
    assert (answer["error"], socket.envelopes) == ("operation_timeout", [])
    await hand.do("faults", clear=True)
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    assert len(socket.envelopes) == 1


async def test_dropped_sockets_are_gone_and_refused_connections_stay_out(
    hand: Any, open_socket: Any, client: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("faults", drop_sockets=True, refuse_connections_s=60)
    await wait_until(lambda: socket.closed)
    opened = await client.apps_connections_open(app_token="xapp-sandbox")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(opened["url"])
    assert refused.value.status == 503
    await hand.do("faults", clear=True)
    await open_socket()


async def test_a_revoked_app_is_disconnected_and_every_token_refused_until_cleared(
    hand: Any, open_socket: Any, client: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("faults", revoke=True)
    await wait_until(lambda: socket.closed)
    assert socket.frames[-1]["reason"] == "link_disabled"
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
    await hand.do("faults", clear=True)
    assert (await client.auth_test())["ok"]


async def test_a_real_bolt_app_loses_no_event_over_refreshes(
    new_bot: Any, hand: Any, wait_until: Any
) -> None:
    seen: list[str] = []
    async with new_bot(sockets=2) as bot:

        @bot.app.event("app_mention")
        async def mention(event: dict[str, Any]) -> None:
            seen.append(event["text"])

        await hand.do("clock", scale=20)
        said = []
        for number in range(60):
            if number % 20 == 0:
                await hand.do("faults", refresh=True)
            text = f"@Quarterdeck number {number}"
            said.append(hand.do("say", user="U0DEV", channel="C0OPS", text=text))
            await said[-1]
            await asyncio.sleep(0.01)
        await wait_until(lambda: len(set(seen)) == 60, 20)
