"""Modals: trigger ids, the stack of three, submission and its answers, closing."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(callback_id: str = "form", **extra: Any) -> dict[str, Any]:
    name = {"type": "plain_text_input", "action_id": "name"}
    field = {"type": "input", "block_id": "who", "label": plain("Name"), "element": name}
    more = {"type": "button", "action_id": "more", "text": plain("More")}
    blocks = [field, {"type": "actions", "block_id": "act", "elements": [more]}]
    shape = {"type": "modal", "callback_id": callback_id, "title": plain("A form"), "submit": plain("Send")}
    return {**shape, "blocks": blocks, **extra}


async def refusal(work: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await work
    return caught.value.response.data


@pytest.fixture
async def socket(open_socket: Any) -> Any:
    return await open_socket()


@pytest.fixture
def trigger(hand: Any, socket: Any) -> Any:
    async def make() -> str:
        await hand.do("shortcut", user="U0DEV", callback_id="task.new")
        return str(socket.envelopes[-1]["payload"]["trigger_id"])

    return make


async def views(hand: Any) -> list[dict[str, Any]]:
    return list((await hand.get("/_sandbox/state"))["views"])


async def test_a_trigger_opens_one_modal_within_three_seconds(hand: Any, client: Any, trigger: Any) -> None:
    used = await trigger()
    opened = await client.views_open(trigger_id=used, view=modal())
    assert opened["view"]["root_view_id"] == opened["view"]["id"]
    assert opened["view"]["previous_view_id"] is None
    assert [(v["id"], v["user"], v["callback_id"]) for v in await views(hand)] == [
        (opened["view"]["id"], "U0DEV", "form")
    ]
    assert (await refusal(client.views_open(trigger_id=used, view=modal())))[
        "error"
    ] == "exchanged_trigger_id"
    assert (await refusal(client.views_open(trigger_id="1.2.3", view=modal())))[
        "error"
    ] == "invalid_trigger_id"
    late = await trigger()
    await hand.do("clock", scale=100_000)
    await hand.get("/_sandbox/health")
    assert (await refusal(client.views_open(trigger_id=late, view=modal())))["error"] == "expired_trigger_id"


async def test_bad_views_are_refused(client: Any, trigger: Any) -> None:
    answer = await refusal(client.views_open(trigger_id=await trigger(), view=modal(title=plain("x" * 25))))
    assert answer["error"] == "invalid_arguments"
    assert "json-pointer:/view/title" in answer["response_metadata"]["messages"][0]
    section = {"type": "section", "text": plain("x" * 3000)}
    huge = {**modal(), "blocks": [section] * 90}
    assert (await refusal(client.views_open(trigger_id=await trigger(), view=huge)))[
        "error"
    ] == "view_too_large"


async def test_a_modal_stacks_three_views_and_no_more(
    hand: Any, client: Any, trigger: Any, socket: Any
) -> None:
    view = (await client.views_open(trigger_id=await trigger(), view=modal()))["view"]

    async def push() -> Any:
        await hand.do("click", user="U0DEV", view_id=view["id"], action_id="more")
        return client.views_push(trigger_id=socket.envelopes[-1]["payload"]["trigger_id"], view=modal("next"))

    root = view["id"]
    for _ in range(2):
        below, view = view, (await (await push()))["view"]
        assert (view["previous_view_id"], view["root_view_id"]) == (below["id"], root)
    assert (await refusal(await push()))["error"] == "push_limit_reached"


async def test_an_update_needs_the_right_hash_and_an_open_view(hand: Any, client: Any, trigger: Any) -> None:
    view = (await client.views_open(trigger_id=await trigger(), view=modal(external_id="mine")))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=modal("second"))
    stale = await refusal(client.views_update(view_id=view["id"], hash=view["hash"], view=modal("third")))
    assert stale["error"] == "hash_conflict"
    assert [item["callback_id"] for item in await views(hand)] == ["second"]
    assert (await refusal(client.views_update(view_id="V0", view=modal())))["error"] == "not_found"


async def test_a_submission_carries_the_values_and_closes_the_modal(
    hand: Any, client: Any, trigger: Any, socket: Any
) -> None:
    view = (await client.views_open(trigger_id=await trigger(), view=modal(private_metadata="T-1")))["view"]
    missing = await hand("submit", user="U0DEV", view_id=view["id"], values={})
    assert (missing["ok"], list(missing["errors"])) == (False, ["who"])
    await hand.do("submit", user="U0DEV", view_id=view["id"], values={"who": {"name": "checkout"}})
    sent = socket.envelopes[-1]
    assert sent["accepts_response_payload"] is True
    assert sent["payload"]["view"]["state"]["values"]["who"]["name"]["value"] == "checkout"
    assert sent["payload"]["view"]["private_metadata"] == "T-1"
    assert await views(hand) == []


async def test_errors_updates_pushes_and_clears_in_the_ack_are_followed(
    hand: Any, client: Any, trigger: Any, socket: Any
) -> None:
    view = (await client.views_open(trigger_id=await trigger(), view=modal()))["view"]
    order = {"user": "U0DEV", "view_id": view["id"], "values": {"who": {"name": "x"}}}
    socket.ack = lambda _frame: {"response_action": "errors", "errors": {"who": "unknown"}}
    assert (await hand("submit", **order))["errors"] == {"who": "unknown"}
    socket.ack = lambda _frame: {"response_action": "update", "view": modal("updated")}
    await hand.do("submit", **order)
    assert [item["callback_id"] for item in await views(hand)] == ["updated"]
    socket.ack = lambda _frame: {"response_action": "push", "view": modal("pushed")}
    pushed = await hand.do("submit", **order)
    assert [item["callback_id"] for item in await views(hand)] == ["updated", "pushed"]
    socket.ack = lambda _frame: {"response_action": "clear"}
    await hand.do("submit", **(order | {"view_id": pushed["view_id"]}))
    assert await views(hand) == []


async def test_closing_is_told_where_the_view_asked_for_it(
    hand: Any, client: Any, trigger: Any, socket: Any
) -> None:
    view = (await client.views_open(trigger_id=await trigger(), view=modal(notify_on_close=True)))["view"]
    await hand.do("close", user="U0DEV", view_id=view["id"])
    told = socket.envelopes[-1]["payload"]
    assert (told["type"], told["view"]["id"], told["is_cleared"]) == ("view_closed", view["id"], False)
    assert await views(hand) == []


async def test_an_external_menu_asks_the_app_for_its_options(
    hand: Any, client: Any, trigger: Any, socket: Any
) -> None:
    menu = {"type": "external_select", "action_id": "service", "min_query_length": 1}
    block = {"type": "input", "block_id": "b", "label": plain("Service"), "element": menu}
    view = (await client.views_open(trigger_id=await trigger(), view=modal(blocks=[block])))["view"]
    socket.ack = lambda _frame: {"options": [{"text": plain("checkout"), "value": "checkout"}]}
    answer = await hand.do("suggest", user="U0DEV", view_id=view["id"], action_id="service", value="che")
    assert [option["value"] for option in answer["options"]] == ["checkout"]
    assert socket.envelopes[-1]["payload"]["value"] == "che"
    assert socket.envelopes[-1]["accepts_response_payload"] is True
