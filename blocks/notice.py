"""One sentence to a person, and how to mend what it says."""

from blocks import kit, mrkdwn
from domain.card import Content


def notice(sentence: str, fix: str | None = None) -> Content:
    """Return a short private message: what is the matter and, in a quiet line, what to do about it."""
    blocks = [kit.section(sentence)]
    if fix:
        blocks.append(kit.context(fix))
    return kit.message(mrkdwn.join(" ", [sentence, fix or ""]), blocks)
