from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.validator import check_message_blocks, check_view


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str = "a", **extra: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **extra}


def section(text: str, **extra: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **extra}


GOOD = [
    [section("hello", accessory=button())],
    [{"type": "actions", "elements": [button("a"), button("b", style="danger", value="T-1")]}],
    [{"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}, {"type": "divider"}],
    [{"type": "header", "text": plain("Title")}, {"type": "markdown", "text": "# hi"}],
    [],
]
BAD = [
    ("/blocks", {"not": "a list"}),
    ("/blocks", [section("x")] * 51),
    ("/blocks/0/type", [{"type": "sektion"}]),
    ("/blocks/0", [{"type": "section"}]),
    ("/blocks/0/text/text", [section("x" * 3001)]),
    ("/blocks/0/text/text", [section("")]),
    ("/blocks/0/text", [{"type": "header", "text": plain("x" * 151)}]),
    ("/blocks/0/text/type", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
    ("/blocks/1/block_id", [section("x", block_id="one"), section("y", block_id="one")]),
    ("/blocks/0/elements", [{"type": "actions", "elements": [button("a"), button("a")]}]),
    ("/blocks/0/elements", [{"type": "actions", "elements": [button(str(n)) for n in range(26)]}]),
    ("/blocks/0/elements", [{"type": "actions", "elements": []}]),
    ("/blocks/0/accessory/text/text", [section("x", accessory=button(text=plain("x" * 76)))]),
    ("/blocks/0/accessory/value", [section("x", accessory=button(value="x" * 2001))]),
    ("/blocks/0/accessory/type", [section("x", accessory={"type": "knob", "action_id": "a"})]),
    ("/blocks/0/fields", [{"type": "section", "fields": [plain("x")] * 11}]),
    ("/blocks", [{"type": "markdown", "text": "x" * 7000}] * 2),
    ("/blocks/0", ["text"]),
]


@pytest.mark.parametrize("blocks", GOOD)
def test_good_blocks_pass(blocks: Any) -> None:
    assert check_message_blocks(blocks) == []


@pytest.mark.parametrize(("pointer", "blocks"), BAD)
def test_bad_blocks_are_refused_with_a_pointer(pointer: str, blocks: Any) -> None:
    assert any(problem.pointer.startswith(pointer) for problem in check_message_blocks(blocks))


NAMES = [
    "type",
    "text",
    "fields",
    "accessory",
    "elements",
    "element",
    "label",
    "options",
    "option_groups",
    "value",
    "action_id",
    "block_id",
    "rows",
    "title",
    "placeholder",
    "confirm",
    "image_url",
    "alt_text",
]
WORDS = st.sampled_from(
    ["section", "actions", "context", "input", "table", "static_select", "button", "plain_text", ""]
)
LEAVES = st.none() | st.booleans() | st.integers(-1, 9) | WORDS
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(ANYTHING, max_size=4) | ANYTHING)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_judged_and_nothing_raises(blocks: Any) -> None:
    assert all(problem.pointer.startswith("/") for problem in check_message_blocks(blocks))
    view = {"type": "modal", "title": plain("x"), "blocks": blocks}
    assert all(problem.pointer.startswith("/view") for problem in check_view(view))


def test_a_modal_needs_a_title_and_a_submit_where_it_has_an_input() -> None:
    field = {
        "type": "input",
        "label": plain("Name"),
        "element": {"type": "plain_text_input", "action_id": "n"},
    }
    modal = {"type": "modal", "title": plain("A form"), "submit": plain("Send"), "blocks": [field]}
    assert check_view(modal) == []
    assert [p.pointer for p in check_view({**modal, "submit": None})] == ["/view/submit"]
    assert [p.pointer for p in check_view({**modal, "title": plain("x" * 25)})] == ["/view/title/text"]
    assert [p.pointer for p in check_view({**modal, "private_metadata": "x" * 3001})] == [
        "/view/private_metadata"
    ]
