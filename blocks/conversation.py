"""What the bot says in a conversation by rule, without a model."""

from blocks import kit, mrkdwn
from domain.card import Content

_OFFER = mrkdwn.Mrkdwn(
    "Ask me for `/qd status` or `/qd help`, or start something with `/execute &lt;task&gt;`."
)


def greeting() -> Content:
    """The answer to a mention without words, or a hello."""
    return kit.message(
        "Here I am. " + _OFFER,
        [kit.section("Here I am."), kit.context(_OFFER)],
    )


def task_hint(text: str) -> Content:
    """The answer to something that sounds like work to be done: chat never acts."""
    command = mrkdwn.code(mrkdwn.truncate(f"/execute {mrkdwn.flatten(text)}", 300))
    sentence = "I only talk here; nothing was started."
    fix = mrkdwn.fill("To have it done, send {}", command)
    return kit.message(mrkdwn.join(" ", [sentence, fix]), [kit.section(sentence), kit.section(fix)])


def no_answer() -> Content:
    """The honest answer to a question that no rule knows."""
    sentence = "I have no answer to that: no model is connected, and none of my rules knows it."
    return kit.message(sentence + " " + _OFFER, [kit.section(sentence), kit.context(_OFFER)])


def missed_command(text: str) -> Content:
    """The answer to a command that reached us too late to act on it unasked."""
    sentence = "I was away when you wrote this, so I did not start it."
    fix = mrkdwn.fill("If it is still wanted, send {} again.", mrkdwn.code(mrkdwn.truncate(text, 300)))
    return kit.message(mrkdwn.join(" ", [sentence, fix]), [kit.section(sentence), kit.context(fix)])
