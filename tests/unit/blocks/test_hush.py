"""A new message disturbs only those whom it calls."""

from blocks import kit, mrkdwn
from blocks.hush import hush
from domain.card import Content

LINE = mrkdwn.fill("{} waits for {}", mrkdwn.mention("U0DEV"), mrkdwn.mention("U0LEAD"))


def test_only_who_is_called_is_mentioned() -> None:
    shown = kit.message(LINE, [kit.section(LINE), kit.fields([("Asked by", mrkdwn.mention("U0DEV"))])])
    quiet = hush(Content(shown.text, shown.blocks, calls=("U0LEAD",)))
    assert "<@U0LEAD>" in quiet.text
    assert "<@U0LEAD>" in str(quiet.blocks)
    assert "<@U0DEV>" not in quiet.text + str(quiet.blocks)
    assert shown.text == LINE, "what is wanted stays as it is"


def test_what_mentions_nobody_stays_as_it_is() -> None:
    shown = kit.message("done <@U0DEV>", [kit.section("done"), kit.preformatted("cc <@U0DEV> & co")])
    assert hush(shown) == shown
