import copy
import json
import pickle
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocks import mrkdwn
from blocks.mrkdwn import Mrkdwn
from tests.unit.blocks.texts import short_texts, texts

RAW_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
PING = re.compile(r"@(?:here|channel|everyone|group)\b", re.IGNORECASE)
WHOLE = re.compile(r"(?:&(?:amp|lt|gt);|<[^<>\n]+>|[^&<>])*")


@given(texts)
def test_what_a_person_wrote_is_shown_and_never_becomes_markup(text: str) -> None:
    shown = mrkdwn.escape(text)

    assert "<" not in shown
    assert ">" not in shown
    assert not RAW_AMPERSAND.search(shown)
    assert not PING.search(shown)
    assert mrkdwn.unescape(shown).replace(mrkdwn.WORD_JOINER, "") == mrkdwn.clean(text).replace(
        mrkdwn.WORD_JOINER, ""
    )


@given(short_texts, short_texts)
def test_text_is_escaped_once_however_it_is_put_together(one: str, two: str) -> None:
    once = mrkdwn.escape(one)

    assert mrkdwn.escape(once) == once
    assert mrkdwn.fill("{} {other}", once, other=two) == f"{once} {mrkdwn.escape(two)}"
    assert mrkdwn.fill("{}", one) == once
    assert once + two == one + mrkdwn.escape(two) == f"{once}{mrkdwn.escape(two)}"
    assert mrkdwn.join(" · ", [once, two]) == " · ".join(filter(None, [once, mrkdwn.escape(two)]))


def test_a_format_specification_cannot_smuggle_markup_in() -> None:
    assert mrkdwn.fill("{:>4}|{!r}|{:d}", "<", "<!here>", 7) == "   &lt;|'&lt;!here&gt;'|7"
    assert mrkdwn.fill("{:>7}|", mrkdwn.escape("<")) == "   &lt;|"


@given(texts)
def test_text_can_always_be_sent(text: str) -> None:
    shown = mrkdwn.escape(text)

    assert json.loads(json.dumps(shown)).encode() == shown.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_text_that_would_reorder_a_line_or_hide_in_it_is_made_harmless() -> None:
    assert mrkdwn.clean("safe\u202egnp.exe\x1b[31m\ufeff\r\nnext\u2028last") == "safegnp.exe[31m\nnext\nlast"
    assert mrkdwn.clean("half \ud83d of a pair") == "half \ufffd of a pair"


@pytest.mark.parametrize("word", ["@here", "@channel", "@Everyone", "@GROUP"])
def test_a_shouted_word_is_readable_and_pings_nobody(word: str) -> None:
    shown = mrkdwn.escape(f"hello {word}!")

    assert shown.replace(mrkdwn.WORD_JOINER, "") == f"hello {word}!"
    assert word not in shown


def test_an_address_with_an_at_stays_as_it_is() -> None:
    assert mrkdwn.escape("lead@hereford.example") == "lead@hereford.example"


@given(texts, st.integers(1, 400))
def test_plain_text_is_cut_to_the_limit(text: str, limit: int) -> None:
    cut = mrkdwn.truncate(text, limit)

    assert len(cut) <= limit
    assert not isinstance(cut, Mrkdwn)
    assert cut == text if len(text) <= limit else cut.endswith("…")
    assert text.startswith(cut.removesuffix("…"))


@given(texts, st.integers(1, 400))
def test_markup_is_cut_to_the_limit_between_its_parts(text: str, limit: int) -> None:
    whole = mrkdwn.fill("{} {} {}", mrkdwn.mention("U0LEAD"), text, mrkdwn.link("https://example.org", text))
    cut = mrkdwn.truncate(whole, limit)

    assert len(cut) <= limit
    assert isinstance(cut, Mrkdwn)
    assert WHOLE.fullmatch(cut)


@given(texts, st.integers(5, 400))
@example("`````", 15)
def test_a_block_of_code_that_is_cut_is_closed_again(text: str, limit: int) -> None:
    cut = mrkdwn.truncate(mrkdwn.code_block(text), limit)

    assert len(cut) <= limit
    assert cut.count("```") % 2 == 0


@pytest.mark.parametrize("limit", range(1, 24))
@pytest.mark.parametrize(
    "character", ["e\u0301", "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_what_a_person_sees_as_one_character_is_never_cut(character: str, limit: int) -> None:
    cut = mrkdwn.truncate(character * 10, limit)

    assert len(cut) <= limit
    assert cut.removesuffix("…").replace(character, "") == ""


def test_a_pile_of_marks_is_cut_all_the_same() -> None:
    assert len(mrkdwn.truncate("a" + "\u0301" * 5000, 100)) == 100


def test_nothing_is_cut_to_less_than_a_character() -> None:
    with pytest.raises(ValueError, match="less than one"):
        mrkdwn.truncate("text", 0)


@given(texts)
def test_bold_and_code_keep_to_one_line_and_close(text: str) -> None:
    for shown, mark in [(mrkdwn.bold(text), "*"), (mrkdwn.italic(text), "_"), (mrkdwn.code(text), "`")]:
        assert shown.count(mark) in (0, 2)
        assert "\n" not in shown
        assert shown == "" or (shown.startswith(mark) and shown.endswith(mark))


@given(texts)
def test_a_fence_in_a_block_of_code_does_not_end_it(text: str) -> None:
    assert mrkdwn.code_block(text).count("```") == 2


def test_a_quote_marks_every_line() -> None:
    assert mrkdwn.quote("one\n<two>") == "> one\n> &lt;two&gt;"


@given(short_texts)
def test_a_link_shows_its_label_and_leads_where_it_says(label: str) -> None:
    shown = mrkdwn.link("https://example.org/?a=1&b=<2>|3", label)

    found = re.fullmatch(r"<https://example\.org/\?a=1&amp;b=%3C2%3E%7C3\|([^<>|]+)>", shown)
    assert found
    assert "\n" not in found[1]


@given(short_texts)
@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a b", "!channel", "https://e.org\u202e/x", ""]
)
def test_what_is_no_address_is_no_link(url: str, label: str) -> None:
    assert "<" not in mrkdwn.link(url, label)


def test_a_link_cannot_hold_another_one() -> None:
    inner = mrkdwn.fill("{} & {}", mrkdwn.link("https://inner.example", "inner"), mrkdwn.mention("U0LEAD"))

    assert mrkdwn.link("https://outer.example", inner) == "<https://outer.example|inner & @U0LEAD>"


def test_mentions_are_made_from_ids_alone() -> None:
    assert mrkdwn.mention("U0LEAD") == "<@U0LEAD>"
    assert mrkdwn.channel("C0OPS") == "<#C0OPS>"
    assert mrkdwn.mention("!channel") == "!channel"
    assert mrkdwn.mention("U0LEAD> <!here") == "U0LEAD&gt; &lt;!here"
    assert mrkdwn.channel("C0OPS|<!here>") == "C0OPS|&lt;!here&gt;"


def test_a_time_is_shown_in_the_zone_of_its_reader() -> None:
    at = datetime(2026, 11, 20, 14, 5, tzinfo=timezone(timedelta(hours=1)))

    assert mrkdwn.date(at) == (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|2026-11-20 13:05 UTC>"
    )
    with pytest.raises(ValueError, match="time zone"):
        mrkdwn.date(at.replace(tzinfo=None))
    assert mrkdwn.fill("since {}", mrkdwn.date(at.astimezone(UTC))) == "since " + mrkdwn.date(at)


def test_markup_survives_copies() -> None:
    shown = mrkdwn.bold("a & b")

    for twin in (copy.deepcopy(shown), pickle.loads(pickle.dumps(shown))):
        assert isinstance(twin, Mrkdwn)
        assert twin == shown
