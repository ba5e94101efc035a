"""Cutting a request into tokens: words, quotations, mentions, signs and the marks between steps."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """`STRONG` and `WEAK` are marks between steps, `SIGN` is any other single character."""

    WORD = "word"
    QUOTED = "quoted"
    PERSON = "person"
    CHANNEL = "channel"
    LINK = "link"
    EMOJI = "emoji"
    STRONG = "strong"
    WEAK = "weak"
    SIGN = "sign"


@dataclass(frozen=True)
class Token:
    """`text` is its value (a quotation without its quotes, the id of a mention); it stood at `start` to `end`."""

    kind: Kind
    text: str
    start: int
    end: int

    @cached_property
    def word(self) -> str:
        """As it is compared: lower case, one spelling, without a possessive. Quotations and mentions are no words."""
        if self.kind not in (Kind.WORD, Kind.EMOJI):
            return ""
        folded = self.plain.casefold().replace("\u2019", "'")
        return folded.removesuffix("'s") if folded != "let's" else folded

    @cached_property
    def plain(self) -> str:
        """The text in ordinary letters, its case kept."""
        return unicodedata.normalize("NFKC", self.text)


_TOKEN = re.compile(
    r"""
    (?P<line>\s*\n\s*(?:(?:\d{1,2}[.)]|[-*•])[ \t]+)?)
  | (?P<start>\A\s*(?:\d{1,2}[.)]|[-*•])[ \t]+)
  | (?P<item>(?<=\s)\d{1,2}\)(?=\s))
  | (?P<quoted>"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)\u2018[^\u2019\n]*\u2019(?!\w))
  | (?P<code>`[^`]*`)
  | <@(?P<person>[UW][A-Z0-9]+)(?:\|[^>]*)?>
  | <\#(?P<channel>[CGD][A-Z0-9]+)(?:\|[^>]*)?>
  | (?P<link><[^<>\s][^<>]*>)
  | (?P<strong>->|=>|→|⇒|;|&&)
  | (?P<weak>,|&)
  | (?P<emoji>:[a-z0-9_+-]+:)
  | (?P<word>[\w\#@$€%./+='\u2019~:-]+)
  | (?P<sign>\S)
    """,
    re.VERBOSE,
)
_TRAILING = ".:!?'\u2019"
_KINDS = {
    "line": Kind.STRONG,
    "item": Kind.STRONG,
    "strong": Kind.STRONG,
    "weak": Kind.WEAK,
    "link": Kind.LINK,
}


MOST_TOKENS = 2_000


class TooLong(Exception):
    """More tokens than anybody types."""


def tokenize(text: str) -> list[Token]:
    """All tokens in order, spaces left out. Raises TooLong."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        tokens += _read(match)
        if len(tokens) > MOST_TOKENS:
            raise TooLong
    return tokens


def _read(match: re.Match[str]) -> list[Token]:
    name, (start, end) = str(match.lastgroup), match.span()
    if name == "start":
        return []
    if name == "word":
        return _read_word(match[0], start, match.end() == len(match.string))
    if name in ("quoted", "code"):
        inner = match[0][1:-1]
        kind = Kind.WORD if name == "code" and re.fullmatch(r"\S+", inner) else Kind.QUOTED
        return [Token(kind, inner, start, end)]
    if name in ("person", "channel"):
        return [Token(Kind(name), match[name], start, end)]
    if name == "sign":
        is_picture = unicodedata.category(match[0]) in ("So", "Mn", "Sk")
        return [Token(Kind.EMOJI if is_picture else Kind.SIGN, match[0], start, end)]
    return [Token(_KINDS.get(name, Kind.EMOJI), match[0].strip(), start, end)]


def _read_word(text: str, start: int, is_last: bool) -> list[Token]:
    """A word and the punctuation behind it; a full stop with something after it ends a step."""
    word = text.rstrip(_TRAILING)
    signs = text[len(word) :]
    found = [Token(Kind.WORD, word, start, start + len(word))] if word else []
    for place, sign in enumerate(signs, start + len(word)):
        kind = Kind.STRONG if sign == "." and word and not is_last else Kind.SIGN
        found.append(Token(kind, sign, place, place + 1))
    return found
