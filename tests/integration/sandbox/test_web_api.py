"""The Web API through Slack's own client: what works, and Slack's words for what does not."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.manifest import Manifest
from sandbox.server import serve

BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


async def refusal(work: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await work
    return caught.value.response.data


async def test_who_am_i(client: Any) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["team_id"], answer["bot_id"]) == (
        "U0QUARTERDECK",
        "T0SANDBOX",
        "B0QUARTERDECK",
    )
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_tokens_are_checked(sandbox: Any) -> None:
    assert (await refusal(AsyncWebClient("", base_url=sandbox.api_url).auth_test()))["error"] == "not_authed"
    wrong = AsyncWebClient("xoxb-other", base_url=sandbox.api_url)
    assert (await refusal(wrong.auth_test()))["error"] == "invalid_auth"
    bot = AsyncWebClient("xoxb-sandbox", base_url=sandbox.api_url)
    assert (await refusal(bot.apps_connections_open(app_token="xoxb-sandbox")))[
        "error"
    ] == "not_allowed_token_type"


async def test_a_missing_scope_says_what_is_needed_and_what_is_there() -> None:
    poor = Manifest(("commands",), frozenset(), frozenset(), {}, frozenset(), home_tab=False, source="x")
    async with serve(manifest=poor) as running:
        client = AsyncWebClient("xoxb-sandbox", base_url=running.api_url)
        answer = await refusal(client.chat_postMessage(channel="C0OPS", text="x"))
        assert (answer["error"], answer["needed"], answer["provided"]) == (
            "missing_scope",
            "chat:write",
            "commands",
        )
        history = await refusal(client.conversations_history(channel="C0OPS"))
        assert (history["error"], history["needed"]) == ("missing_scope", "channels:history")


async def test_arguments_may_come_as_a_form_with_json_strings_inside(sandbox: Any, hand: Any) -> None:
    form = {"token": "xoxb-sandbox", "channel": "C0OPS", "text": "x", "blocks": '[{"type": "divider"}]'}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{sandbox.url}/api/chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
        async with session.get(f"{sandbox.url}/api/auth.test?token=xoxb-sandbox") as response:
            assert (await response.json())["ok"]
    message = await hand.find("C0OPS", text="x")
    assert message["blocks"][0]["type"] == "divider"
    assert message["blocks"][0]["block_id"]


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0RANDOM", "text": "x"}, "not_in_channel"),
        ({"channel": "U0BUILDBOT", "text": "x"}, "cannot_dm_bot"),
        ({"channel": "C0OPS", "text": ""}, "no_text"),
        ({"channel": "C0OPS", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "C0OPS", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "C0OPS", "text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"channel": "C0OPS", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
    ],
)
async def test_posts_are_refused_in_slacks_words(client: Any, arguments: dict[str, Any], error: str) -> None:
    assert (await refusal(client.chat_postMessage(**arguments)))["error"] == error


async def test_refused_blocks_come_with_messages_that_point_at_them(client: Any) -> None:
    answer = await refusal(client.chat_postMessage(channel="C0OPS", text="x", blocks=[{"type": "section"}]))
    assert "json-pointer:/blocks/0" in answer["response_metadata"]["messages"][0]


async def test_an_archived_channel_takes_nothing(client: Any, hand: Any) -> None:
    await hand.do("archive", user="U0DEV", channel="C0ENG")
    assert (await refusal(client.chat_postMessage(channel="C0ENG", text="x")))["error"] == "is_archived"


async def test_metadata_stays_with_the_message_and_history_shows_it_on_request(
    client: Any, hand: Any
) -> None:
    metadata = {"event_type": "quarterdeck_card", "event_payload": {"key": "task:1"}}
    posted = await client.chat_postMessage(channel="C0OPS", text="one", metadata=metadata)
    assert posted["message"]["metadata"] == metadata
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="two")
    plain = await client.conversations_history(channel="C0OPS", limit=1)
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel="C0OPS", limit=1, include_all_metadata=True)
    assert (full["messages"][0]["text"], full["messages"][0]["metadata"]) == ("two", metadata)
    assert (await hand.find("C0OPS", text="two"))["metadata"] == metadata


async def test_an_update_with_text_alone_takes_the_blocks_away(client: Any, hand: Any) -> None:
    posted = await client.chat_postMessage(channel="C0OPS", text="x", blocks=[SECTION])
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="y", blocks=[SECTION, SECTION])
    assert len((await hand.find("C0OPS", text="y"))["blocks"]) == 2
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="z")
    assert (await hand.find("C0OPS", text="z"))["blocks"] == []


async def test_only_the_apps_own_messages_can_be_changed_or_deleted(client: Any, hand: Any) -> None:
    said = await hand.do("say", user="U0DEV", channel="C0OPS", text="mine")
    where = {"channel": "C0OPS", "ts": said["ts"]}
    assert (await refusal(client.chat_update(**where, text="x")))["error"] == "cant_update_message"
    assert (await refusal(client.chat_delete(**where)))["error"] == "cant_delete_message"
    where["ts"] = "1.000001"
    assert (await refusal(client.chat_update(**where, text="x")))["error"] == "message_not_found"


async def test_a_reply_whose_parent_is_gone_stands_in_the_channel_and_says_so_silently(
    client: Any, hand: Any
) -> None:
    said = await hand.do("say", user="U0DEV", channel="C0OPS", text="question")
    reply = await client.chat_postMessage(channel="C0OPS", text="answer", thread_ts=said["ts"])
    assert reply["message"]["thread_ts"] == said["ts"]
    await hand.do("delete", user="U0DEV", channel="C0OPS", ts=said["ts"])
    orphan = await client.chat_postMessage(channel="C0OPS", text="late", thread_ts=said["ts"])
    assert "thread_ts" not in orphan["message"]
    assert (await hand.find("C0OPS", text="late"))["thread_ts"] is None


async def test_history_pages_newest_first_and_leaves_replies_to_replies(client: Any, hand: Any) -> None:
    await hand.do("limits", scale=0)
    ts = [(await client.chat_postMessage(channel="C0OPS", text=str(n)))["ts"] for n in range(7)]
    for n in range(3):
        await client.chat_postMessage(channel="C0OPS", text=f"r{n}", thread_ts=ts[0])
    texts, pages = [], 0
    async for page in await client.conversations_history(channel="C0OPS", limit=3):
        texts += [message["text"] for message in page["messages"]]
        pages += 1
    assert (texts, pages) == (["6", "5", "4", "3", "2", "1", "0"], 3)
    span = await client.conversations_history(channel="C0OPS", oldest=ts[2], latest=ts[5])
    assert [message["text"] for message in span["messages"]] == ["4", "3"]
    span = await client.conversations_history(channel="C0OPS", oldest=ts[2], latest=ts[5], inclusive=True)
    assert [message["text"] for message in span["messages"]] == ["5", "4", "3", "2"]
    thread = await client.conversations_replies(channel="C0OPS", ts=ts[0], limit=2)
    assert [message["text"] for message in thread["messages"]] == ["0", "r0", "r1"]
    assert thread["has_more"]
    assert thread["messages"][0]["reply_count"] == 3
    gone = await refusal(client.conversations_replies(channel="C0OPS", ts="1.000001"))
    assert gone["error"] == "thread_not_found"


async def test_an_ephemeral_message_is_for_one_person_and_not_in_the_history(client: Any, hand: Any) -> None:
    posted = await client.chat_postEphemeral(channel="C0OPS", user="U0DEV", text="psst")
    shown = await hand.find("C0OPS", text="psst")
    assert (shown["ts"], shown["ephemeral_to"]) == (posted["message_ts"], "U0DEV")
    assert (await client.conversations_history(channel="C0OPS"))["messages"] == []
    other = await hand("react", user="U0LEAD", channel="C0OPS", ts=shown["ts"], name="eyes")
    assert other["error"] == "message_not_found"


async def test_a_message_to_a_person_lands_in_the_direct_message(client: Any, hand: Any) -> None:
    posted = await client.chat_postMessage(channel="U0LEAD", text="for you")
    opened = await client.conversations_open(users="U0LEAD")
    assert posted["channel"] == opened["channel"]["id"] == "D0LEAD"
    await hand.find("D0LEAD", text="for you")


async def test_people_channels_groups_and_links_can_be_looked_up(client: Any) -> None:
    names = {item["name"] for item in (await client.conversations_list())["channels"]}
    assert names == {"ops", "incidents", "engineering", "random"}
    joined = await client.users_conversations(types="public_channel,im")
    assert {"C0OPS", "D0DEV"} <= {item["id"] for item in joined["channels"]}
    assert "C0RANDOM" not in {item["id"] for item in joined["channels"]}
    assert not (await client.conversations_info(channel="C0RANDOM"))["channel"]["is_member"]
    assert "U0ONCALL" in (await client.conversations_members(channel="C0OPS"))["members"]
    assert len((await client.conversations_members(channel="C0OPS", limit=2))["members"]) == 2
    assert (await client.users_info(user="U0LEAD"))["user"]["profile"]["title"] == "Tech lead"
    assert (await client.users_lookupByEmail(email="lead@example.com"))["user"]["id"] == "U0LEAD"
    assert (await client.bots_info(bot="B0QUARTERDECK"))["bot"]["user_id"] == "U0QUARTERDECK"
    assert (await client.team_info())["team"]["id"] == "T0SANDBOX"
    groups = (await client.usergroups_list())["usergroups"]
    assert "U0ONCALL" in (await client.usergroups_users_list(usergroup=groups[0]["id"]))["users"]
    posted = await client.chat_postMessage(channel="#ops", text="x")
    link = await client.chat_getPermalink(channel="C0OPS", message_ts=posted["ts"])
    assert posted["ts"].replace(".", "") in link["permalink"]


async def test_the_app_joins_creates_invites_and_leaves(client: Any, hand: Any) -> None:
    await client.conversations_join(channel="C0RANDOM")
    await client.chat_postMessage(channel="C0RANDOM", text="now I may")
    made = (await client.conversations_create(name="inc-1"))["channel"]
    await client.conversations_invite(channel=made["id"], users="U0DEV,U0LEAD")
    assert (await hand.channel(made["id"]))["members"] == ["U0QUARTERDECK", "U0DEV", "U0LEAD"]
    assert (await refusal(client.conversations_create(name="inc-1")))["error"] == "name_taken"
    await client.conversations_leave(channel=made["id"])
    assert (await refusal(client.chat_postMessage(channel=made["id"], text="x")))["error"] == "not_in_channel"


async def test_reactions_are_counted_and_not_given_twice(client: Any, hand: Any) -> None:
    where = {
        "channel": "C0OPS",
        "timestamp": (await client.chat_postMessage(channel="C0OPS", text="x"))["ts"],
    }
    await client.reactions_add(**where, name="eyes")
    assert (await refusal(client.reactions_add(**where, name="eyes")))["error"] == "already_reacted"
    [reaction] = (await client.reactions_get(**where))["message"]["reactions"]
    assert reaction == {"name": "eyes", "users": ["U0QUARTERDECK"], "count": 1}
    await client.reactions_remove(**where, name="eyes")
    assert (await refusal(client.reactions_remove(**where, name="eyes")))["error"] == "no_reaction"


async def test_unknown_methods_and_methods_that_are_not_emulated_fail_loudly(client: Any, hand: Any) -> None:
    assert (await refusal(client.api_call("chat.shout")))["error"] == "unknown_method"
    answer = await refusal(client.pins_add(channel="C0OPS", timestamp="1.000001"))
    assert answer["error"] == "not_emulated"
    [entry] = await hand.log("not_emulated")
    assert (entry["method"], "pins.add" in entry["warning"]) == ("pins.add", True)


async def test_a_channel_takes_a_few_posts_at_once_then_asks_to_wait(client: Any, hand: Any) -> None:
    for n in range(5):
        await client.chat_postMessage(channel="C0OPS", text=str(n))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0OPS", text="6")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    await client.chat_postMessage(channel="C0ENG", text="elsewhere")
    await hand.do("limits", scale=0)
    for n in range(20):
        await client.chat_postMessage(channel="C0OPS", text=str(n))


async def test_ordered_failures_happen_as_often_as_ordered(client: Any, hand: Any) -> None:
    await hand.do("faults", fail={"method": "chat.postMessage", "error": "internal_error", "times": 2})
    for _ in range(2):
        assert (await refusal(client.chat_postMessage(channel="C0OPS", text="x")))[
            "error"
        ] == "internal_error"
    await client.chat_postMessage(channel="C0OPS", text="third")
    await hand.do("faults", fail={"method": "*", "status": 503, "times": 1})
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 503
    assert [m["text"] for m in (await hand.channel("C0OPS"))["messages"]] == ["third"]


async def test_an_answer_lost_on_its_way_leaves_the_effect_behind(client: Any, hand: Any) -> None:
    await hand.do("faults", fail={"method": "chat.postMessage", "status": 500, "times": 1, "after": True})
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0OPS", text="there anyway")
    await hand.find("C0OPS", text="there anyway")


async def test_an_ordered_rate_limit_is_obeyed_by_slacks_own_retry_handler(client: Any, hand: Any) -> None:
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await hand.do("faults", rate_limit={"method": "chat.postMessage", "retry_after": 1, "times": 1})
    await client.chat_postMessage(channel="C0OPS", text="patient")
    calls = [entry for entry in await hand.log("call") if entry["method"] == "chat.postMessage"]
    assert [entry["outcome"] for entry in calls] == ["ratelimited", "ok"]


async def test_latency_can_be_added(client: Any, hand: Any) -> None:
    await hand.do("faults", api_latency_ms=120)
    await client.auth_test()
    [entry] = await hand.log("call")
    assert entry["latency_ms"] >= 119
