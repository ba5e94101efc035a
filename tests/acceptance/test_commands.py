"""What a person meets: commands, mentions, cards. The bot is a real process, Slack is the sandbox."""

from tests.support.hand import Hand, key_of, text_of
from tests.support.process import BotProcess
from tests.support.wait import until


async def test_help_answers_in_private(bot: BotProcess, hand: Hand) -> None:
    answer = await hand.command("/help")
    assert answer["ok"], answer
    assert "/execute" in text_of(answer["response"])
    assert answer["response"]["ephemeral_to"] == "U0DEV"
