"""A person's hand: what people do in Slack and what the app is told of it."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest


def events(socket: Any, type_: str, subtype: str | None = None) -> list[dict[str, Any]]:
    found = [frame["payload"]["event"] for frame in socket.envelopes if frame["type"] == "events_api"]
    return [event for event in found if event["type"] == type_ and event.get("subtype") == subtype]


async def test_a_mention_is_told_as_message_and_as_app_mention(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    said = await hand.do("say", user="U0DEV", channel="C0OPS", text="@Quarterdeck status #ops")
    await wait_until(lambda: events(socket, "app_mention") and events(socket, "message"))
    [mention], [message] = events(socket, "app_mention"), events(socket, "message")
    assert mention["text"] == message["text"] == "<@U0QUARTERDECK> status <#C0OPS|ops>"
    assert mention["ts"] == message["ts"] == said["ts"]
    assert message["channel_type"] == "channel"
    assert message["blocks"][0]["type"] == "rich_text"


async def test_a_direct_message_is_told_as_message_im_without_a_mention(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("say", user="U0DEV", channel="D0DEV", text="@Quarterdeck hello")
    [message] = await wait_until(lambda: events(socket, "message"))
    assert (message["channel"], message["channel_type"]) == ("D0DEV", "im")
    assert events(socket, "app_mention") == []


async def test_nothing_is_told_of_channels_where_the_app_is_not_a_member(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("say", user="U0DEV", channel="C0RANDOM", text="@Quarterdeck are you here?")
    await hand.do("invite", user="U0DEV", channel="C0RANDOM", who="U0QUARTERDECK")
    [joined] = await wait_until(lambda: events(socket, "member_joined_channel"))
    assert (joined["user"], joined["channel"], joined["inviter"]) == ("U0QUARTERDECK", "C0RANDOM", "U0DEV")
    await hand.do("say", user="U0DEV", channel="C0RANDOM", text="and now?")
    [message] = await wait_until(lambda: events(socket, "message"))
    assert message["text"] == "and now?"


async def test_edits_deletions_and_reactions_are_told_as_slack_tells_them(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    where = {"user": "U0DEV", "channel": "C0OPS"}
    where["ts"] = (await hand.do("say", **where, text="frist"))["ts"]
    await hand.do("react", **where, name="eyes")
    await hand.do("edit", **where, text="first")
    await hand.do("delete", **where)
    await wait_until(lambda: events(socket, "message", "message_deleted"))
    [reaction] = await wait_until(lambda: events(socket, "reaction_added"))
    [changed], [deleted] = (
        events(socket, "message", "message_changed"),
        events(socket, "message", "message_deleted"),
    )
    assert reaction["item"] == {"type": "message", "channel": "C0OPS", "ts": where["ts"]}
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("first", "frist")
    assert changed["message"]["edited"]["user"] == "U0DEV"
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (where["ts"], "first")
    assert (await hand.channel("C0OPS"))["messages"] == []


async def test_people_change_their_own_messages_only(hand: Any) -> None:
    ts = (await hand.do("say", user="U0DEV", channel="C0OPS", text="mine"))["ts"]
    edited = await hand("edit", user="U0LEAD", channel="C0OPS", ts=ts, text="yours")
    deleted = await hand("delete", user="U0ONCALL", channel="C0OPS", ts=ts)
    assert (edited["error"], deleted["error"]) == ("cant_update_message", "cant_delete_message")
    await hand.do("delete", user="U0MANAGER", channel="C0OPS", ts=ts)


async def test_a_file_is_shared_and_can_be_fetched_with_the_apps_token(
    hand: Any, open_socket: Any, wait_until: Any, client: Any
) -> None:
    socket = await open_socket()
    await hand.do("upload", user="U0DEV", channel="C0OPS", name="log.txt", content="line one", text="see")
    [shared] = await wait_until(lambda: events(socket, "message", "file_share"))
    assert await wait_until(lambda: events(socket, "file_shared"))
    [file] = shared["files"]
    assert (file["name"], file["size"], file["mimetype"]) == ("log.txt", 8, "text/plain")
    headers = {"Authorization": f"Bearer {client.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(file["url_private"], headers=headers) as response,
    ):
        assert await response.text() == "line one"
    async with hand.session.get(file["url_private"], allow_redirects=False) as response:
        assert response.status == 302


async def test_a_new_private_channel_tells_the_app_that_it_joined(
    hand: Any, open_socket: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    made = await hand.do("channel", name="inc-7", members=["U0DEV", "U0QUARTERDECK"], private=True)
    told = await wait_until(lambda: events(socket, "member_joined_channel"))
    assert told[-1]["channel"] == made["id"]
    await hand.do("say", user="U0DEV", channel=made["id"], text="hi")
    [message] = await wait_until(lambda: events(socket, "message"))
    assert message["channel_type"] == "group"
    assert (await hand("channel", name="inc-7", members=[]))["error"] == "name_taken"


@pytest.mark.parametrize(
    ("act", "body", "error"),
    [
        ("say", {"user": "U0NOBODY", "channel": "C0OPS", "text": "x"}, "user_not_found"),
        ("say", {"user": "U0DEV", "channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("say", {"user": "U0DEV", "channel": "D0LEAD", "text": "x"}, "not_in_channel"),
        ("say", {"user": "U0DEV", "channel": "C0OPS"}, "invalid_arguments"),
        ("command", {"user": "U0DEV", "channel": "C0OPS", "command": "/nonsense"}, "unknown_command"),
        ("click", {"user": "U0DEV", "channel": "C0OPS", "ts": "1.0", "action_id": "a"}, "message_not_found"),
        ("submit", {"user": "U0DEV", "view_id": "V1"}, "view_not_found"),
        ("shortcut", {"user": "U0DEV", "callback_id": "nothing"}, "unknown_shortcut"),
        ("faults", {"earthquake": True}, "invalid_arguments"),
        ("clock", {"scale": 0}, "invalid_arguments"),
        ("fly", {}, "unknown_act"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_word_and_a_sentence(
    hand: Any, act: str, body: dict[str, Any], error: str
) -> None:
    answer = await hand(act, **body)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["detail"].endswith(".")


async def test_an_answer_by_response_url_is_returned_and_kept_for_that_person(bot: Any, hand: Any) -> None:
    @bot.app.command("/status")
    async def status(ack: Any, respond: Any) -> None:
        await ack()
        await respond("worked it out")

    answer = await hand.do("command", user="U0DEV", channel="C0RANDOM", command="/status")
    assert answer["response"]["text"] == "worked it out"
    assert (await hand.find("C0RANDOM", text="worked it out"))["ephemeral_to"] == "U0DEV"


async def test_an_ack_for_all_to_see_is_posted_in_the_channel(open_socket: Any, hand: Any) -> None:
    await open_socket(ack=lambda _frame: {"text": "everyone", "response_type": "in_channel"})
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status")
    assert (await hand.find("C0OPS", text="everyone"))["ephemeral_to"] is None


async def test_an_ack_that_slack_refuses_is_told_to_the_person(open_socket: Any, hand: Any) -> None:
    await open_socket(ack=lambda _frame: {"blocks": [{"type": "nonsense"}]})
    answer = await hand("command", user="U0DEV", channel="C0OPS", command="/status")
    assert (answer["ok"], answer["error"]) == (False, "invalid_command_response")


async def test_a_command_without_an_answer_returns_after_the_wait(open_socket: Any, hand: Any) -> None:
    await open_socket()
    await hand.do("clock", scale=30)
    answer = await hand.do("command", user="U0DEV", channel="C0OPS", command="/status")
    assert "response" not in answer


async def test_a_response_url_serves_five_times_and_half_an_hour(open_socket: Any, hand: Any) -> None:
    socket = await open_socket()

    async def post(url: str, **body: Any) -> tuple[int, str]:
        async with hand.session.post(url, json=body) as response:
            return response.status, await response.text()

    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    url = socket.envelopes[0]["payload"]["response_url"]
    assert (await post(url))[0] == 500
    for number in range(4):
        assert await post(url, text=f"answer {number}") == (200, "ok")
    status, body = await post(url, text="one too many")
    assert (status, json.loads(body)["error"]) == (404, "used_url")
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    await hand.do("clock", scale=1_000_000)
    await asyncio.sleep(0.01)
    status, body = await post(socket.envelopes[1]["payload"]["response_url"], text="too late")
    assert (status, json.loads(body)["error"]) == (404, "expired_url")


async def test_a_choice_in_a_message_is_kept_in_its_state(open_socket: Any, hand: Any, client: Any) -> None:
    socket = await open_socket()
    options = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("low", "high")]
    menu = {"type": "static_select", "action_id": "risk", "options": options}
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [menu, button]}]
    posted = await client.chat_postMessage(channel="C0OPS", text="x", blocks=blocks)
    where = {"user": "U0DEV", "channel": "C0OPS", "ts": posted["ts"]}
    await hand.do("select", **where, action_id="risk", value="high")
    await hand.do("click", **where, action_id="go")
    chosen, pressed = (frame["payload"] for frame in socket.envelopes if frame["type"] == "interactive")
    assert chosen["actions"][0]["selected_option"]["value"] == "high"
    assert pressed["state"]["values"]["b"]["risk"]["selected_option"]["value"] == "high"
    assert (await hand("select", **where, action_id="risk", value="huge"))["error"] == "no_such_option"
    assert (await hand("click", **where, action_id="risk"))["error"] == "no_such_button"


async def test_shortcuts_carry_a_trigger_and_the_message(open_socket: Any, hand: Any) -> None:
    socket = await open_socket()
    ts = (await hand.do("say", user="U0DEV", channel="C0OPS", text="broken"))["ts"]
    await hand.do("shortcut", user="U0DEV", callback_id="task.new")
    await hand.do("shortcut", user="U0DEV", callback_id="incident.open", channel="C0OPS", ts=ts)
    plain, on_message = (frame["payload"] for frame in socket.envelopes if frame["type"] == "interactive")
    assert (plain["type"], plain["callback_id"]) == ("shortcut", "task.new")
    assert (on_message["type"], on_message["message"]["text"]) == ("message_action", "broken")
    assert plain["trigger_id"] != on_message["trigger_id"]


async def test_the_home_tab_is_opened_published_and_shown(
    open_socket: Any, hand: Any, client: Any, wait_until: Any
) -> None:
    socket = await open_socket()
    await hand.do("home", user="U0DEV")
    [opened] = await wait_until(lambda: events(socket, "app_home_opened"))
    assert (opened["tab"], opened["channel"]) == ("home", "D0DEV")
    await client.views_publish(user_id="U0DEV", view={"type": "home", "blocks": [{"type": "divider"}]})
    state = await hand.get("/_sandbox/state")
    assert state["homes"]["U0DEV"]["blocks"][0]["type"] == "divider"


async def test_the_state_tells_who_and_what_is_there(hand: Any) -> None:
    state = await hand.get("/_sandbox/state")
    assert state["bot"]["user_id"] == "U0QUARTERDECK"
    assert {"U0DEV", "U0LEAD", "U0ONCALL", "U0MANAGER", "U0QUARTERDECK"} <= {
        user["id"] for user in state["users"]
    }
    channels = {item["id"]: item for item in state["channels"]}
    assert {"C0OPS", "C0INCIDENTS", "C0ENG", "C0RANDOM", "D0DEV", "D0LEAD", "D0ONCALL", "D0MANAGER"} <= set(
        channels
    )
    assert "U0QUARTERDECK" in channels["C0OPS"]["members"]
    assert "U0QUARTERDECK" not in channels["C0RANDOM"]["members"]


async def test_the_log_holds_calls_and_envelopes_with_outcome_and_latency(
    open_socket: Any, hand: Any, client: Any
) -> None:
    await open_socket()
    await client.chat_postMessage(channel="C0OPS", text="x")
    await hand.do("command", user="U0DEV", channel="C0OPS", command="/status", wait_s=0)
    [call] = [entry for entry in await hand.log("call") if entry["method"] == "chat.postMessage"]
    [envelope] = [entry for entry in await hand.log("envelope") if entry["type"] == "slash_commands"]
    assert (call["outcome"], envelope["outcome"]) == ("ok", "acked")
    assert call["latency_ms"] > 0
    assert envelope["latency_ms"] > 0
    assert "xoxb" not in json.dumps(await hand.log())


async def test_every_change_is_streamed_with_growing_numbers_and_can_be_continued(hand: Any) -> None:
    async def read(count: int, **headers: str) -> list[dict[str, Any]]:
        found = []
        async with hand.session.get(f"{hand.url}/_sandbox/events", headers=headers) as response:
            assert response.content_type == "text/event-stream"
            ready.set()
            async for line in response.content:
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]))
                if len(found) == count:
                    return found
        return found

    ready = asyncio.Event()
    reading = asyncio.create_task(read(2))
    await ready.wait()
    said = await hand.do("say", user="U0DEV", channel="C0OPS", text="one")
    await hand.do("delete", user="U0DEV", channel="C0OPS", ts=said["ts"])
    posted, deleted = await asyncio.wait_for(reading, 5)
    assert (posted["type"], posted["message"]["text"]) == ("message.posted", "one")
    assert (deleted["type"], deleted["ts"]) == ("message.deleted", said["ts"])
    assert deleted["id"] > posted["id"]
    [again] = await asyncio.wait_for(read(1, **{"Last-Event-ID": str(posted["id"])}), 5)
    assert again == deleted
