"""Slack's markup, "mrkdwn", as a type: text that is escaped exactly once.

The rule is that of a template engine with automatic escaping. A plain `str` is text and is shown as it was
written; a `Mrkdwn` is markup and is left alone. What returns `Mrkdwn` escapes the plain parts it is given, so
nothing is escaped twice and what a person wrote never becomes a mention, a link or a channel ping.

    fill("{} waits for {} since {}", bold(task.title), mention(user_id), date(at))

An f-string of `Mrkdwn` parts is a plain `str` again: compose with `fill`, `join` or `+`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from string import Formatter
from typing import Any, overload

ELLIPSIS = "…"
WORD_JOINER = "\u2060"
FENCE = "```"

# What would be invisible or reorder the line: controls, bidirectional marks, overrides and isolates.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOUT = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ATOM = re.compile(r"&(?:amp|lt|gt);|<[^<>\n]*>|```")
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_URL = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_SYMBOLS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PLAIN = {"amp": "&", "lt": "<", "gt": ">"}
_URL_SYMBOLS = {"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C"}


class Mrkdwn(str):
    """Markup: text that is already escaped. `+`, `join` and `format` keep it so."""

    __slots__ = ()

    def __add__(self, other: str) -> Mrkdwn:
        return Mrkdwn(str.__add__(self, escape(other)))

    def __radd__(self, other: str) -> Mrkdwn:
        return Mrkdwn(str.__add__(escape(other), self))

    def join(self, parts: Iterable[str]) -> Mrkdwn:
        return Mrkdwn(str.join(self, (escape(part) for part in parts)))

    def format(self, *args: object, **values: object) -> Mrkdwn:
        return Mrkdwn(_Escaping().vformat(self, args, values))

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)


class _Escaping(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Mrkdwn):
            return format(str(value), format_spec)
        return str(escape(format(value, format_spec)))


def clean(text: str) -> str:
    """Return text without control characters, bidirectional overrides and halves of surrogate pairs.

    Line breaks become "\\n"; tabs stay.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _SURROGATE.sub("\ufffd", _HARMFUL.sub("", text))


@overload
def flatten(text: Mrkdwn) -> Mrkdwn: ...
@overload
def flatten(text: str) -> str: ...
def flatten(text: str) -> str:
    """Return text on one line: every run of white space is one blank. Markup stays markup."""
    return _alike(text, " ".join(str(text).split()))


def escape(text: str) -> Mrkdwn:
    """Return text as markup that shows exactly it. Markup comes back unchanged."""
    if isinstance(text, Mrkdwn):
        return text
    escaped = re.sub("[&<>]", lambda found: _SYMBOLS[found[0]], clean(text))
    return Mrkdwn(_SHOUT.sub("@" + WORD_JOINER, escaped))


def unescape(text: str) -> str:
    """Return the text that Slack escaped in an event or a command (`&amp;` to `&`), as plain text."""
    return _ENTITY.sub(lambda found: _PLAIN[found[1]], str(text))


def fill(template: str, *args: object, **values: object) -> Mrkdwn:
    """Return the template, which is markup, with its fields filled in; plain values are escaped.

    The template is written by a programmer: never pass text from outside as one.
    """
    return Mrkdwn(template).format(*args, **values)


def join(separator: str, parts: Iterable[str]) -> Mrkdwn:
    """Return the parts that are not empty with the separator between them."""
    return escape(separator).join(shown for part in parts if (shown := escape(part)))


def bold(text: str) -> Mrkdwn:
    """Return text in bold, on one line."""
    return _wrap("*", text, "\u2217")


def italic(text: str) -> Mrkdwn:
    """Return text in italics, on one line."""
    return _wrap("_", text, "\uff3f")


def code(text: str) -> Mrkdwn:
    """Return text as inline code, on one line; a backtick in it becomes a look-alike."""
    return _wrap("`", text, "\u02cb")


def code_block(text: str) -> Mrkdwn:
    """Return text as a block of code; a fence in it is broken up."""
    # Every pair, not every three: what is left over of five would make a fence with the last of the first three.
    inner = re.sub("`(?=`)", "`" + WORD_JOINER, escape(text))
    return Mrkdwn(f"{FENCE}\n{inner.strip()}\n{FENCE}")


def quote(text: str) -> Mrkdwn:
    """Return text as a block quote, one mark a line."""
    return Mrkdwn("\n".join("> " + line for line in escape(text).split("\n")))


def _wrap(mark: str, text: str, stand_in: str) -> Mrkdwn:
    inner = flatten(escape(text)).replace(mark, stand_in)
    return Mrkdwn(f"{mark}{inner}{mark}") if inner else Mrkdwn()


def link(url: str, label: str) -> Mrkdwn:
    """Return a link to an http, https or mailto address; the label alone for any other."""
    shown = flatten(escape(label)) or escape(url)
    if not _URL.fullmatch(url) or clean(url) != url:
        return shown
    address = re.sub("[&<>|]", lambda found: _URL_SYMBOLS[found[0]], url)
    shown = Mrkdwn(_ATOM.sub(_unlink, shown).replace("|", "¦"))
    return Mrkdwn(f"<{address}|{shown}>")


def _unlink(found: re.Match[str]) -> str:
    """A link cannot hold another one: keep only its label."""
    return found[0] if found[0].startswith(("&", "`")) else found[0].strip("<>").rpartition("|")[2]


def mention(user_id: str) -> Mrkdwn:
    """Return a mention of the person with this Slack id; text that is no id is shown as text."""
    return Mrkdwn(f"<@{user_id}>") if _MEMBER.fullmatch(user_id) else escape(user_id)


def channel(channel_id: str) -> Mrkdwn:
    """Return a link to the channel with this Slack id; text that is no id is shown as text."""
    return Mrkdwn(f"<#{channel_id}>") if _CHANNEL.fullmatch(channel_id) else escape(channel_id)


def date(at: datetime) -> Mrkdwn:
    """Return a point in time that each reader sees in their own zone. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time shown to people needs a time zone")
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>")


@overload
def truncate(text: Mrkdwn, limit: int) -> Mrkdwn: ...
@overload
def truncate(text: str, limit: int) -> str: ...
def truncate(text: str, limit: int) -> str:
    """Return text cut to at most `limit` characters, the last of them an ellipsis where something is missing.

    A cut never falls inside what a person sees as one character nor, in markup, inside an entity, a link or a
    mention; a block of code that is cut is closed again. Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("a text cannot be cut to less than one character")
    if len(text) <= limit:
        return text
    plain = str(text)
    head = _head(plain, limit - 1, markup=isinstance(text, Mrkdwn))
    tail = ELLIPSIS
    if isinstance(text, Mrkdwn) and head.count(FENCE) % 2:
        tail = ELLIPSIS + FENCE
        head = _head(plain, max(limit - len(tail), 0), markup=True)
        tail = tail if head.count(FENCE) % 2 else ELLIPSIS
    return _alike(text, (head.rstrip() + tail)[:limit])


def _alike(text: str, changed: str) -> str:
    return Mrkdwn(changed) if isinstance(text, Mrkdwn) else changed


def _head(text: str, size: int, *, markup: bool) -> str:
    cut = _before_cluster(text, size)
    for found in _ATOM.finditer(text) if markup else ():
        if found.start() >= cut:
            break
        if found.end() > cut:
            return text[: found.start()]
    return text[:cut]


def _before_cluster(text: str, cut: int) -> int:
    """Move a cut back to where a visible character begins; a pile of more than 32 marks is cut anyway."""
    for at in range(cut, max(cut - 32, 0), -1):
        if not _continues(text, at):
            return at
    return cut if cut > 32 else 0


def _continues(text: str, at: int) -> bool:
    """Whether the character at this place belongs to the one before it."""
    if at >= len(text):
        return False
    here, before = text[at], text[at - 1]
    if unicodedata.category(here).startswith("M") or "\u200d" in {here, before}:
        return True
    if "\U0001f3fb" <= here <= "\U0001f3ff" or "\U000e0020" <= here <= "\U000e007f":
        return True
    return _is_flag_letter(here) and _flag_letters_before(text, at) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    run = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:at])
    return len(run[0]) if run else 0
