import pytest

from blocks import kit
from blocks.undelivered import explain, parent_deleted_note, undelivered
from tests.unit.blocks.faces import HOSTILE, accept, read


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("not_in_channel", "/invite @Quarterdeck"),
        ("channel_not_found", "/invite @Quarterdeck"),
        ("is_archived", "Unarchive it"),
        ("missing_scope", "current manifest"),
        ("restricted_action", "Slack says `restricted_action`. An administrator"),
    ],
)
def test_whoever_asked_hears_why_and_what_to_do(code: str, fix: str) -> None:
    content = accept(undelivered("C0OPS", code))

    assert fix in explain(code)
    assert fix in content.text
    assert "<#C0OPS>" in read(content)
    assert "Nothing is lost" in read(content)


def test_a_channel_that_is_no_id_is_shown_as_text_only() -> None:
    accept(undelivered("<!channel>", "not_in_channel"))
    accept(undelivered(HOSTILE, "not_in_channel"))


def test_a_reply_to_a_deleted_message_says_so() -> None:
    assert "deleted" in read(accept(kit.message("x", [parent_deleted_note()])))
