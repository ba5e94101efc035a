"""A draft: one clause on its way to a step, with what is understood of it, what is doubtful and what is left over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.grammar import lexicon
from agents.grammar.binding import Doubt
from agents.grammar.clause import Clause, excerpt
from agents.grammar.matcher import Reading
from agents.grammar.token import Token
from domain.action import ENVIRONMENT, Parameter, ParameterType, Value
from domain.argument import WrongValue, nearest, read

MOST_GUESS_WORDS = 3
_ORDER = (
    ParameterType.PERSON,
    ParameterType.SERVICE,
    ParameterType.INTEGER,
    ParameterType.ENUM,
    ParameterType.VERSION,
    ParameterType.STRING,
)
_PLACES_ONLY = lexicon.PLACE_WORDS - {"to"}


@dataclass
class Draft:
    """`number` counts clauses from 1. `spoken`: the clause names its action itself. `values` and `doubts` by parameter;
    `rest` is what is not understood, as it was typed, and `rest_words` its words.
    """

    number: int
    clause: Clause
    reading: Reading
    spoken: bool
    values: dict[str, Value] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)
    rest: str = ""
    rest_words: frozenset[str] = frozenset()

    @property
    def own(self) -> dict[str, Value]:
        """The arguments that the clause itself names."""
        return self.reading.binding.values

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What its action takes."""
        return self.reading.action.parameters

    def lacks(self, name: str) -> bool:
        """Whether the parameter has neither a value nor something that stands in its place."""
        return name not in self.values and name not in self.doubts

    def absorb(self, other: "Draft") -> bool:
        """Take in what stands behind a comma and says only what is not yet said: `restart checkout, in staging`. Says
        whether it was that; otherwise it is the next item of a list.
        """
        if not other.own or other.doubts or not all(self.lacks(name) for name in other.own):
            return False
        self.values |= other.own
        self.own.update(other.own)
        self.rest = " … ".join(text for text in (self.rest, other.rest) if text)
        self.rest_words |= other.rest_words
        return True

    def service(self, values: dict[str, Value] | None = None) -> Value | None:
        """The service it is about."""
        known = self.values if values is None else values
        names = (each.name for each in self.parameters if each.type is ParameterType.SERVICE)
        return next((known[name] for name in names if name in known), None)


Run = list[int]
"""Indexes of tokens that are not understood, nothing but fillers between them."""


def create(
    request: str, number: int, clause: Clause, reading: Reading, services: Sequence[str], *, spoken: bool
) -> Draft:
    """The draft of a clause. What is not understood and stands where an argument should be becomes a doubt about it."""
    binding = reading.binding
    draft = Draft(number, clause, reading, spoken, dict(binding.values), dict(binding.doubts))
    pronouns = lexicon.PRONOUNS if number > 1 else frozenset()
    runs = _runs(clause.tokens, [i for i in reading.rest if clause.tokens[i].word not in pronouns])
    for parameter in sorted(draft.parameters, key=lambda each: _ORDER.index(each.type)):
        if draft.lacks(parameter.name):
            run = next(
                (each for each in runs if _fits(parameter, clause.tokens, each, draft, services)), None
            )
            if run is not None:
                runs.remove(run)
                text = excerpt(request, [clause.tokens[index] for index in run])
                draft.doubts[parameter.name] = _doubt(parameter, text, services)
    left = [_with_lead(clause.tokens, run) for run in runs]
    texts = [excerpt(request, [clause.tokens[index] for index in run]) for run in left]
    draft.rest_words = frozenset(
        token.word for token in (*(clause.tokens[index] for run in left for index in run), *clause.cut)
    )
    draft.rest = " … ".join([*texts, *([excerpt(request, clause.cut)] if clause.cut else [])])
    return draft


def _doubt(parameter: Parameter, text: str, services: Sequence[str]) -> Doubt:
    if parameter.type is ParameterType.STRING and parameter.pattern is None:
        return Doubt("It is not clear where the text begins and ends: put it in quotes.")
    try:
        value = read(parameter, text, services)
    except WrongValue as wrong:
        return Doubt(wrong.sentence, wrong.near)
    return Doubt(f"Is “{value}” the `{parameter.name}`?", (str(value),))


def _runs(tokens: Sequence[Token], rest: Sequence[int]) -> list[Run]:
    runs: list[Run] = []
    for index in rest:
        between = tokens[runs[-1][-1] + 1 : index] if runs else ()
        if runs and all(token.word in lexicon.FILLERS for token in between):
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _with_lead(tokens: Sequence[Token], run: Run) -> Run:
    """The run with the small words before it, for people: `at 14:00`, not `14:00`; and what `from` points at."""
    start, end = run[0], run[-1]
    while start and tokens[start - 1].word in lexicon.FILLERS:
        start -= 1
    return list(range(start, end + 1))


def _fits(
    parameter: Parameter, tokens: Sequence[Token], run: Run, draft: Draft, services: Sequence[str]
) -> bool:
    """Whether these words may be meant as the parameter."""
    words = [tokens[index].word for index in run]
    before = {tokens[index].word for index in _with_lead(tokens, run) if index < run[0]}
    if len(words) > MOST_GUESS_WORDS or any(_is_limit(word) for word in words):
        return False
    if any(word.startswith("@") for word in words) or parameter.type is ParameterType.PERSON:
        return parameter.type is ParameterType.PERSON and words[0].startswith("@")
    has_digit = any(char.isdigit() for word in words for char in word)
    in_place = bool(before & lexicon.PLACE_WORDS)
    if parameter.type is ParameterType.SERVICE:
        has_places = ENVIRONMENT in {each.name for each in draft.parameters} and draft.lacks(ENVIRONMENT)
        return any(nearest(word, services) for word in words) or (
            not has_digit and not (in_place and has_places)
        )
    if parameter.type is ParameterType.ENUM:
        values = [value.casefold() for value in parameter.values]
        return any(nearest(word, values) for word in words) or (
            not has_digit and in_place and parameter.name == ENVIRONMENT
        )
    if not parameter.required:
        return False
    if parameter.type is ParameterType.VERSION:
        return not in_place
    return parameter.type is not ParameterType.INTEGER or not before & _PLACES_ONLY


def _is_limit(word: str) -> bool:
    return (
        word in lexicon.TIMES
        or word in lexicon.RESTRICTIONS
        or "%" in word
        or re.search(r"\d:\d", word) is not None
    )


def begins_with_argument(clause: Clause, reading: Reading, services: Sequence[str]) -> bool:
    """Whether the first word that matters is a value, or a slip in a service's name."""
    for index, token in enumerate(clause.tokens):
        if token.word not in lexicon.FILLERS:
            slip = len(clause.tokens) == 1 and bool(nearest(token.word, services))
            return index in reading.binding.used or slip
    return False


def first_is_limit(clause: Clause) -> bool:
    """Whether it begins with a condition or an exception (`if the tests pass …`)."""
    words = [token.word for token in clause.tokens if token.word not in lexicon.FILLERS]
    return bool(words) and words[0] in lexicon.RESTRICTIONS
