from hypothesis import given

from domain.message import addressed_text, message_key, plain_text
from tests.unit.blocks.texts import texts

BOT = "U0QUARTERDECK"
MENTION = f"<@{BOT}>"


def test_words_after_the_mention_are_said_to_the_bot() -> None:
    assert addressed_text(f"{MENTION} status T-12", BOT, direct=False) == "status T-12"
    assert addressed_text(f"hey {MENTION}  status ", BOT, direct=False) == "status"
    assert addressed_text(f"{MENTION}, status", BOT, direct=False) == "status"
    assert addressed_text(f"{MENTION}: status", BOT, direct=False) == "status"
    assert addressed_text(f"{MENTION} :wave:", BOT, direct=False) == ":wave:"


def test_words_before_it_are_where_none_follow() -> None:
    assert addressed_text(f"good morning {MENTION}", BOT, direct=False) == "good morning"
    assert addressed_text(MENTION, BOT, direct=False) == ""


def test_what_mentions_nobody_or_somebody_else_is_not_said_to_the_bot() -> None:
    assert addressed_text("status", BOT, direct=False) is None
    assert addressed_text("<@U0LEAD> status", BOT, direct=False) is None
    # Someone wrote the characters of a mention; Slack escaped them.
    assert addressed_text(f"&lt;@{BOT}&gt; status", BOT, direct=False) is None


def test_in_a_direct_message_everything_is() -> None:
    assert addressed_text(" status ", BOT, direct=True) == "status"
    assert addressed_text(f"{MENTION} status", BOT, direct=True) == "status"
    assert addressed_text("", BOT, direct=True) == ""


def test_text_is_read_as_it_was_typed() -> None:
    assert plain_text("a &lt; b &amp;&amp; c &gt; d") == "a < b && c > d"
    assert plain_text("&amp;lt;!channel&amp;gt;") == "&lt;!channel&gt;"


def test_what_postgres_cannot_store_is_left_out() -> None:
    assert plain_text("a\x00b\ud83dc") == "abc"


@given(texts)
def test_any_text_can_be_stored_and_encoded(text: str) -> None:
    read = addressed_text(text, BOT, direct=True)
    assert read is not None
    assert "\x00" not in read
    read.encode()


def test_both_events_of_one_message_have_one_key() -> None:
    assert message_key("C0OPS", "1700000000.000100") == "message:C0OPS:1700000000.000100"
