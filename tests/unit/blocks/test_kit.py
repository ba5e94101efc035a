import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from blocks import kit, mrkdwn
from blocks.ids import Action
from blocks.notice import notice
from blocks.surface import weigh
from domain.card import Content
from tests.unit.blocks.texts import short_texts, texts

calm = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


def accept(block: dict[str, Any]) -> None:
    """Fail unless Slack's own models know the block, every field of it, and find it valid."""
    (parsed,) = Block.parse_all([block])
    assert parsed is not None, block
    assert parsed.to_dict() == block
    json.dumps(block).encode()


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def marked_up(value: Any) -> Iterator[str]:
    """Every mrkdwn text in a block, in whatever depth."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value["verbatim"] is True
            yield value["text"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from marked_up(inner)


def everything(text: str) -> list[dict[str, Any]]:
    """Every block of the kit with this text wherever a text goes."""
    question = kit.confirm(text, text, yes=text, no=text, style="danger")
    button = kit.button(text, Action.TASK_CANCEL, "T-1", style="danger", confirm=question, label=text)
    menu = kit.static_select(
        Action.CHOICE_PICK,
        text,
        [kit.option(text, f"choice-{n}", text) for n in range(3)],
        initial="choice-1",
    )
    return [
        kit.header(text),
        kit.section(text),
        kit.section(text, accessory=button, block_id="with-button"),
        kit.section(mrkdwn.fill("{} {}", mrkdwn.bold(text), mrkdwn.code(text)), accessory=menu),
        kit.fields([(text, text), ("Since", "")]),
        kit.context(text, text, "by hand"),
        kit.divider(),
        kit.actions(button, kit.link_button(text, "page.open", "https://example.org")),
        kit.markdown(text),
        kit.image("https://example.org/a.png", text, title=text),
        kit.table([text, "b"], [[text], [text, text, "beyond the head"]], align=["left", "right"]),
        kit.preformatted(text),
    ]


def form(text: str) -> list[dict[str, Any]]:
    entry = kit.plain_text_input(
        "reason.write", multiline=True, placeholder=text, initial=text, max_length=500
    )
    return [kit.input_block(text, entry, block_id="reason", hint=text, optional=True)]


@calm
@given(texts)
def test_slack_accepts_every_block_whatever_text_goes_in(text: str) -> None:
    for block in everything(text) + form(text):
        accept(block)


@calm
@given(texts)
def test_a_text_never_pings_or_links(text: str) -> None:
    assert not any("<" in shown for shown in marked_up(everything(text)))
    assert "<!" not in kit.markdown(text)["text"]
    assert "<@" not in kit.markdown(text)["text"]


@calm
@given(texts, st.lists(st.integers(0, 11), min_size=1, max_size=120))
def test_a_message_keeps_to_slacks_limits(text: str, choice: list[int]) -> None:
    blocks = everything(text)
    chosen = [{**blocks[at], "block_id": f"block-{n}"} for n, at in enumerate(choice)]
    shown = kit.message(mrkdwn.fill("Task {}", text), chosen)

    assert 0 < len(shown.blocks) <= 50
    assert sum(map(weigh, shown.blocks)) <= 12_000
    for block in shown.blocks:
        accept(block)
    assert len(shown.text) <= 3000
    assert "\n" not in shown.text


@calm
@given(texts, st.lists(st.integers(0, 11), min_size=1, max_size=120))
def test_long_content_goes_over_several_messages_without_loss(text: str, choice: list[int]) -> None:
    blocks = everything(text)
    chosen = [{**blocks[at], "block_id": f"block-{n}"} for n, at in enumerate(choice)]
    pages = kit.messages("Report", chosen)

    assert [block for page in pages for block in page.blocks] == chosen
    assert all(len(page.blocks) <= 50 for page in pages)
    assert all(sum(map(weigh, page.blocks)) <= 12_000 or len(page.blocks) == 1 for page in pages)


@calm
@given(texts)
def test_slack_accepts_every_view(text: str) -> None:
    modal = kit.modal(text, everything(text) + form(text), callback_id="task.edit", submit=text, close=text)
    home = kit.home(everything(text))

    for view in (modal, home):
        View(**view).validate_json()
        assert len(json.dumps(view)) < 250_000


def test_the_text_of_a_message_is_one_escaped_line() -> None:
    shown = kit.message("T-1 is <done>\n& reported", [kit.divider()])

    assert shown == Content("T-1 is &lt;done&gt; &amp; reported", [{"type": "divider"}])
    assert kit.message(mrkdwn.mention("U0LEAD"), [kit.divider()]).text == "<@U0LEAD>"
    assert "\n" not in kit.message("```" + "x" * 4000, [kit.divider()]).text


def test_what_fits_is_not_touched() -> None:
    blocks = [kit.section("x" * 2000, block_id=f"b{n}") for n in range(5)]

    assert kit.message("Report", blocks).blocks == blocks


def test_buttons_stay_in_their_order_where_a_message_is_shortened() -> None:
    cancel = kit.actions(kit.button("Cancel", Action.TASK_CANCEL, "T-1"))
    approve = kit.actions(kit.button("Approve", Action.APPROVAL_APPROVE, "A-1", style="primary"))
    long = [kit.section("x" * 2900)] * 9
    shown = kit.message("A-1", [kit.header("A-1"), cancel, *long, approve, kit.context("the end")]).blocks

    assert shown[:3] == [kit.header("A-1"), cancel, long[0]]
    assert [block for block in shown if block["type"] == "actions"] == [cancel, approve]
    assert shown[-1] == approve
    assert "shortened" in json.dumps(shown[-2])
    assert shown[-3]["text"]["text"].endswith("x…")


def test_a_short_message_of_too_many_blocks_says_so() -> None:
    shown = kit.message("Report", [kit.context(str(n)) for n in range(60)]).blocks

    assert len(shown) == 50
    assert shown[:49] == [kit.context(str(n)) for n in range(49)]
    assert "shortened" in json.dumps(shown[-1])


def test_what_is_too_many_is_left_out() -> None:
    options = [kit.option(str(n), str(n)) for n in range(130)]

    assert len(kit.fields([("name", "value")] * 30)["fields"]) == 10
    assert len(kit.context(*map(str, range(30)))["elements"]) == 10
    assert len(kit.static_select(Action.CHOICE_PICK, "Pick", options)["options"]) == 100
    assert len(kit.actions(*(kit.button("go", f"a.b{n}", "T-1") for n in range(30)))["elements"]) == 25
    assert len(kit.table(["a"] * 30, [["b"] * 30] * 200)["rows"]) == 100
    assert len(kit.table(["a"] * 30, [])["rows"][0]) == 20


@given(short_texts)
def test_a_table_holds_at_most_ten_thousand_characters(text: str) -> None:
    rows = kit.table(["a", "b"], [[text, "x" * 300]] * 99)["rows"]

    assert sum(len(cell["text"]) for row in rows for cell in row) <= 10_000
    assert len(rows) > 1


@pytest.mark.parametrize("value", ["", "two words", '{"id":"T-1"}', "T-1,T-2", "T-1\n", "x" * 256])
def test_a_button_carries_one_id_and_nothing_else(value: str) -> None:
    with pytest.raises(ValueError, match="one id"):
        kit.button("Cancel", Action.TASK_CANCEL, value)


def test_a_button_says_which_task_it_acts_on() -> None:
    button = kit.button("Cancel", Action.TASK_CANCEL, "T-1", style="danger")

    assert button == {
        "type": "button",
        "text": {"type": "plain_text", "text": "Cancel", "emoji": True},
        "action_id": "task.cancel",
        "value": "T-1",
        "style": "danger",
    }
    assert type(button["action_id"]) is str


def test_a_programmers_mistake_is_told() -> None:
    button = kit.button("Cancel", Action.TASK_CANCEL, "T-1")
    entry = kit.plain_text_input("reason.write")
    mistakes: list[tuple[str, Any]] = [
        ("needs a text", lambda: kit.message(" \n", [kit.divider()])),
        ("needs a block", lambda: kit.message("text", [])),
        ("needs a block", lambda: kit.home([])),
        ("comes twice", lambda: kit.message("text", [kit.header("a", block_id="a")] * 2)),
        ("comes twice", lambda: kit.actions(button, button)),
        ("needs an element", kit.actions),
        ("needs a text", kit.context),
        ("need a pair", lambda: kit.fields([])),
        ("needs a head", lambda: kit.table([], [])),
        ("needs an option", lambda: kit.static_select(Action.CHOICE_PICK, "Pick", [])),
        (
            "none of",
            lambda: kit.static_select(Action.CHOICE_PICK, "Pick", [kit.option("a", "a")], initial="b"),
        ),
        ("150", lambda: kit.option("a", "a" * 151)),
        ("http", lambda: kit.image("data:image/png;base64,", "a picture")),
        ("http", lambda: kit.link_button("Open", "page.open", "javascript:alert(1)")),
        ("submit", lambda: kit.modal("T", [kit.input_block("a", entry, block_id="a")], callback_id="t.edit")),
        (
            "private metadata",
            lambda: kit.modal("T", [kit.divider()], callback_id="t", private_metadata="x" * 3001),
        ),
        ("255", lambda: kit.header("a", block_id="x" * 256)),
        ("lengths", lambda: kit.plain_text_input("a.b", max_length=3001)),
    ]
    for sentence, mistake in mistakes:
        with pytest.raises(ValueError, match=sentence):
            mistake()


def test_a_notice_says_what_is_the_matter_and_how_to_mend_it() -> None:
    shown = notice(
        "I cannot post in <#ops>.", mrkdwn.fill("Invite me with {}.", mrkdwn.code("/invite @Quarterdeck"))
    )

    assert shown.text == "I cannot post in &lt;#ops&gt;. Invite me with `/invite @Quarterdeck`."
    assert [block["type"] for block in shown.blocks] == ["section", "context"]
    assert [block["type"] for block in notice("Done.").blocks] == ["section"]


def test_action_ids_are_a_noun_and_a_verb() -> None:
    assert {"approval.approve", "approval.reject", "task.cancel", "incident.take", "incident.resolve"} <= set(
        Action
    )
    assert {"incident.escalate", "incident.postmortem", "choice.pick", "task.run"} <= set(Action)
    assert all(len(action.split(".")) == 2 for action in Action)
