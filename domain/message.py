"""What a message says to us: its key, its plain text, and whether it is addressed to us at all."""

import html
import re

SPOKEN_SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that a person wrote: a plain one, one with a file, a reply that was also sent to its channel."""

_COMMA = re.compile(r"^[,:](?=\s|$)")
_UNSAFE = re.compile(r"[\x00\ud800-\udfff]")


def message_key(channel: str, ts: str) -> str:
    """The key of everything that one message of a person brings about. Slack reports a mention twice, as
    `app_mention` and as `message`, under different event ids; the message is the same.
    """
    return f"message:{channel}:{ts}"


def plain_text(text: str) -> str:
    """Text as the person typed it: Slack's three escapes undone, what Postgres cannot store left out."""
    return html.unescape(_UNSAFE.sub("", text)) if "&" in text else _UNSAFE.sub("", text)


def addressed_text(text: str, bot_user: str, *, direct: bool) -> str | None:
    """What is said to the bot: the words after its mention, or before it where none follow; in a direct message
    all of them. None where the message is not addressed to it.
    """
    before, mention, after = text.partition(f"<@{bot_user}>")
    if not mention:
        return plain_text(text).strip() if direct else None
    said = _COMMA.sub("", after.lstrip()).strip() or before.strip()
    return plain_text(said).strip()
