"""Cutting a request into clauses, each of which may become a step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agents.grammar import lexicon
from agents.grammar.token import Kind, Token, tokenize

TakesText = Callable[[Sequence[Token]], bool]
"""Whether what stands before a colon names an action that says something: the rest is then its text."""

SHORT = 80
MOST_HEAD = 20
"""How many words may stand before the colon of a text."""


class Manner(StrEnum):
    """An order may become a step. A question may where it only reads, a negation never."""

    ORDER = "order"
    QUESTION = "question"
    NEGATION = "negation"


@dataclass(frozen=True)
class Clause:
    """`tokens` is what may be read; `cut` begins with a restriction (`except …`) and is not read. `follows` is True
    after a strong mark (`then`), False in a list (`and`).
    """

    text: str
    tokens: tuple[Token, ...]
    cut: tuple[Token, ...]
    manner: Manner
    follows: bool

    @property
    def restricted(self) -> bool:
        """Whether any word limits what is asked for."""
        return bool(self.cut) or any(token.word in lexicon.RESTRICTIONS for token in self.tokens)


def split(text: str, takes_text: TakesText, starts_step: TakesText) -> list[Clause]:
    """The clauses of a request in order; those with nothing but politeness are left out. `starts_step` says whether
    tokens begin with a word of an action.
    """
    clauses = []
    for follows, tokens in _cut(_join_tail(text, tokenize(text), takes_text, starts_step)):
        clause = _read(text, tokens, follows)
        if clause is not None:
            clauses.append(clause)
    return clauses


def excerpt(text: str, tokens: Sequence[Token]) -> str:
    """What was typed from the first to the last of some tokens, in one line, not too long."""
    if not tokens:
        return ""
    piece = " ".join(text[min(t.start for t in tokens) : max(t.end for t in tokens)].split())
    return piece if len(piece) <= SHORT else piece[: SHORT - 1] + "…"


def _join_tail(text: str, tokens: list[Token], takes_text: TakesText, starts_step: TakesText) -> list[Token]:
    """`post in #ops: this, and that` has one text; where it could as well be the next step, nothing is joined."""
    begin = 0
    for index, token in enumerate(tokens):
        if token.kind in (Kind.STRONG, Kind.WEAK):
            begin = index + 1
        is_colon = token.kind is Kind.SIGN and token.text == ":"
        if is_colon and index - begin <= MOST_HEAD and takes_text(tokens[begin:index]):
            tail = tokens[index + 1 :]
            pieces = [piece for _, piece in _cut(tail)]
            is_quoted = bool(tail) and tail[0].kind is Kind.QUOTED
            if not tail or is_quoted or any(starts_step(piece) for piece in pieces[1:]):
                return tokens
            start, end = tail[0].start, len(text.rstrip())
            return [*tokens[:index], Token(Kind.QUOTED, text[start:end], start, end)]
    return tokens


def _cut(tokens: Sequence[Token]) -> list[tuple[bool, list[Token]]]:
    pieces: list[tuple[bool, list[Token]]] = [(True, [])]
    index = 0
    while index < len(tokens):
        strength, width = _separator(tokens, index)
        if strength is None:
            pieces[-1][1].append(tokens[index])
        elif pieces[-1][1]:
            pieces.append((strength, []))
        else:
            pieces[-1] = (pieces[-1][0] or strength, [])
        index += width
    return pieces


def _separator(tokens: Sequence[Token], index: int) -> tuple[bool | None, int]:
    """Whether a mark between steps stands here (strong, weak or None), and how many tokens it takes."""
    token = tokens[index]
    pair = tuple(each.word for each in tokens[index : index + 2])
    if token.kind is Kind.STRONG or (token.kind is Kind.WORD and token.word in lexicon.STRONG):
        return True, 1
    if pair in lexicon.STRONG_PHRASES:
        return True, 2
    if token.kind is Kind.WEAK or (token.kind is Kind.WORD and token.word in lexicon.WEAK):
        return False, 1
    return None, 1


def _read(text: str, tokens: Sequence[Token], follows: bool) -> Clause | None:
    rest, polite = _strip_politeness([token for token in tokens if not _is_noise(token)])
    asks = any(token.kind is Kind.SIGN and token.text == "?" for token in rest)
    rest = [token for token in rest if token.kind is not Kind.SIGN or token.text not in "?"]
    meant = [token for token in rest if token.word not in lexicon.FILLERS]
    if not meant:
        return None
    manner = Manner.ORDER
    if _is_negation(meant):
        manner = Manner.NEGATION
    elif (asks and not polite) or _is_question(rest, meant[0]):
        manner = Manner.QUESTION
    end = _restriction(rest, meant[0])
    return Clause(excerpt(text, tokens), tuple(rest[:end]), tuple(rest[end:]), manner, follows)


def _is_noise(token: Token) -> bool:
    if token.kind is Kind.EMOJI:
        return token.text in lexicon.DECORATIONS
    return token.kind is Kind.SIGN and token.text in "!().…*~:'\u2019"


def _strip_politeness(tokens: list[Token]) -> tuple[list[Token], bool]:
    """The tokens behind `could you please`, and whether it was a question only in form."""
    polite = False
    while tokens:
        words = " ".join(token.word for token in tokens[:5]) + " "
        found = max((p for p in lexicon.POLITENESS if words.startswith(p + " ")), key=len, default=None)
        if found is not None:
            polite = polite or found in lexicon.POLITE_QUESTIONS
            tokens = tokens[found.count(" ") + 1 :]
        elif tokens[0].kind is Kind.WORD and tokens[0].word in lexicon.FILLERS - lexicon.PLACE_WORDS:
            tokens = tokens[1:]
        else:
            break
    return tokens, polite


def _is_negation(meant: Sequence[Token]) -> bool:
    return meant[0].word in lexicon.NEGATIONS or [token.word for token in meant[:2]] == ["do", "not"]


def _is_question(tokens: Sequence[Token], first: Token) -> bool:
    after = next((each.word for each in tokens[tokens.index(first) + 1 :]), "")
    return first.word in lexicon.QUESTIONS and (first.word != "do" or after in lexicon.ASKED)


def _restriction(tokens: Sequence[Token], first: Token) -> int:
    """The index of the first restriction that does not begin the clause; the number of tokens without one."""
    for index, token in enumerate(tokens):
        if token.kind is Kind.WORD and token.word in lexicon.RESTRICTIONS and token is not first:
            return index
    return len(tokens)
