"""Binding: which tokens of a clause are which arguments of an action."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from agents.grammar import lexicon
from agents.grammar.token import Kind, Token
from domain.action import ENVIRONMENT, Action, Parameter, ParameterType, Value
from domain.argument import ALIASES, WrongValue, read

_VERSION = re.compile(
    r"v\d+(?:\.\d+){0,3}(?:[-+.][\w.+-]+)?|\d+\.\d+(?:\.\d+)?(?:[-+][\w.+-]+)?|(?=\w*\d)(?=\w*[a-f])[0-9a-f]{7,40}",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,15}")
_BEFORE_NUMBER = frozenset({"to", "with", "=", "of", "version", "release", "tag", "build"})

Found = list[tuple[tuple[int, ...], Value]]
"""Places (indexes of tokens) and the value that stands there."""


@dataclass(frozen=True)
class Doubt:
    """A parameter that cannot be read for certain: why, and what to choose from."""

    sentence: str
    choices: tuple[str, ...] = ()


@dataclass
class Binding:
    """`values` and `doubts` by parameter; `used` are the indexes of the tokens that are spoken for."""

    values: dict[str, Value] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Binder:
    """Reads the arguments of one action. `words` are the words of its name and examples: a value behind `from` counts
    only where an example has that word. (`None`: everything counts, to read the examples themselves.) `marks` are words
    that stand before a number in the examples.
    """

    action: Action
    services: Sequence[str]
    words: frozenset[str] | None = None
    marks: frozenset[str] = frozenset()

    def bind(self, tokens: Sequence[Token]) -> Binding:
        """Every argument that stands in the tokens."""
        binding = Binding()
        self._bind_assignments(tokens, binding)
        finders: tuple[tuple[ParameterType, _Finder], ...] = (
            (ParameterType.SERVICE, self._find_services),
            (ParameterType.ENUM, self._find_values),
            (ParameterType.PERSON, _find_people),
            (ParameterType.VERSION, self._find_versions),
            (ParameterType.STRING, self._find_patterns),
            (ParameterType.INTEGER, self._find_integers),
            (ParameterType.STRING, self._find_texts),
        )
        for kind, find in finders:
            for parameter in self._unbound(kind, binding):
                found = [
                    each for each in find(parameter, tokens, binding) if self._counts(tokens, each[0][0])
                ]
                self._settle(parameter, tokens, found, binding)
        return binding

    def _unbound(self, kind: ParameterType, binding: Binding) -> list[Parameter]:
        return [
            each
            for each in self.action.parameters
            if each.type is kind and each.name not in binding.values and each.name not in binding.doubts
        ]

    def _counts(self, tokens: Sequence[Token], index: int) -> bool:
        before = tokens[index - 1].word if index else ""
        return before != "from" or self.words is None or "from" in self.words

    def _settle(self, parameter: Parameter, tokens: Sequence[Token], found: Found, binding: Binding) -> None:
        """Bind what was found: by the parameter's name before it where several parameters could take it."""
        rivals = [each for each in self.action.parameters if _takes_the_same(each, parameter)]
        if len(rivals) > 1 and found:
            found = [each for each in found if _is_named(parameter, tokens, each[0])]
        values = list(dict.fromkeys(value for _, value in found))
        binding.used.update(index for places, _ in found for index in places)
        if len(values) > 1:
            choices = tuple(str(value) for value in values[:5])
            binding.doubts[parameter.name] = Doubt(f"Which one is `{parameter.name}`?", choices)
        elif values:
            self._bind(parameter, values[0], binding)

    def _bind(self, parameter: Parameter, value: Value, binding: Binding) -> None:
        try:
            binding.values[parameter.name] = read(parameter, value, self.services)
        except WrongValue as wrong:
            binding.doubts[parameter.name] = Doubt(wrong.sentence, wrong.near)

    def _bind_assignments(self, tokens: Sequence[Token], binding: Binding) -> None:
        """`version=v43`, and `text="…"`, whose quotation is a token of its own."""
        for index, token in enumerate(tokens):
            name, sign, text = token.text.partition("=") if token.kind is Kind.WORD else ("", "", "")
            parameter = self.action.parameter(name.casefold()) if sign else None
            if parameter is None or parameter.name in binding.values:
                continue
            binding.used.add(index)
            if not text and index + 1 < len(tokens):
                text = tokens[index + 1].text
                binding.used.add(index + 1)
            self._bind(parameter, text, binding)

    def _find_services(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        found: Found = []
        for index, token in _free(tokens, binding):
            pair = f"{token.word}-{tokens[index + 1].word}" if index + 1 < len(tokens) else ""
            text = token.text.casefold() if token.kind is Kind.QUOTED else token.word
            if text in self.services:
                found.append(((index,), text))
            elif pair in self.services:
                found.append(((index, index + 1), pair))
        return found

    def _find_values(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        wanted = {value.casefold(): value for value in parameter.values}
        words = [
            (index, token.text.casefold() if token.kind is Kind.QUOTED else token.word)
            for index, token in _free(tokens, binding)
        ]
        read_as = [(index, wanted.get(word) or wanted.get(ALIASES.get(word, ""))) for index, word in words]
        return [((index,), value) for index, value in read_as if value]

    def _find_versions(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        found: Found = [
            ((index,), token.plain)
            for index, token in _free(tokens, binding)
            if _VERSION.fullmatch(token.plain)
        ]
        if found or any(each.type is ParameterType.INTEGER for each in self.action.parameters):
            return found
        return [
            ((index,), tokens[index].word)
            for index in _numbers(tokens, binding)
            if index
            and (index - 1 in binding.used or tokens[index - 1].word in _BEFORE_NUMBER)
            and _ends_value(tokens, index, binding)
        ]

    def _find_patterns(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        if parameter.pattern is None:
            return []
        pattern = re.compile(parameter.pattern)
        return [
            ((index,), token.text)
            for index, token in _free(tokens, binding)
            if len(token.text) <= 200
            and pattern.fullmatch(token.text)
            and self._is_telling(parameter, tokens, index)
        ]

    def _is_telling(self, parameter: Parameter, tokens: Sequence[Token], index: int) -> bool:
        """Whether this is more than a word that happens to fit the pattern."""
        token = tokens[index]
        named = index > 0 and tokens[index - 1].word in _names(parameter)
        common = token.word in lexicon.FILLERS | lexicon.RESTRICTIONS | lexicon.TIMES
        return not common and (named or token.kind is not Kind.WORD or not token.text.isalpha())

    def _find_integers(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        numbers = _numbers(tokens, binding)
        names = _names(parameter)
        marked = [
            index
            for index in numbers
            if any(
                tokens[place].word in names for place in (index - 1, index + 1) if 0 <= place < len(tokens)
            )
        ]
        usable = marked or [index for index in numbers if self._takes_number(tokens, index, binding)]
        return [((i,), int(lexicon.NUMBERS.get(tokens[i].word, tokens[i].word))) for i in usable]

    def _takes_number(self, tokens: Sequence[Token], index: int, binding: Binding) -> bool:
        if self.words is None or index == 0:
            return self.words is None
        return tokens[index - 1].word in _BEFORE_NUMBER | self.marks or index - 1 in binding.used

    def _find_texts(self, parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
        if parameter.pattern is not None:
            return []
        return [
            ((index,), token.text) for index, token in _free(tokens, binding) if token.kind is Kind.QUOTED
        ]


_Finder = Callable[[Parameter, Sequence[Token], Binding], Found]


def _find_people(parameter: Parameter, tokens: Sequence[Token], binding: Binding) -> Found:
    return [((index,), token.text) for index, token in _free(tokens, binding) if token.kind is Kind.PERSON]


def _free(tokens: Sequence[Token], binding: Binding) -> Iterable[tuple[int, Token]]:
    return [(index, token) for index, token in enumerate(tokens) if index not in binding.used]


def _numbers(tokens: Sequence[Token], binding: Binding) -> list[int]:
    return [
        index
        for index, token in _free(tokens, binding)
        if _NUMBER.fullmatch(token.word) or token.word in lexicon.NUMBERS
    ]


def _ends_value(tokens: Sequence[Token], index: int, binding: Binding) -> bool:
    """Whether no unit follows: `43 to staging` has none, `2 versions` has one."""
    place = index + 1
    return place == len(tokens) or place in binding.used or tokens[place].word in lexicon.FILLERS


def _names(parameter: Parameter) -> frozenset[str]:
    """Words that point at a parameter: those of its name, with and without the plural's s."""
    words = set(parameter.name.split("_"))
    return frozenset(words | {word.removesuffix("s") for word in words} | {word + "s" for word in words})


def _takes_the_same(one: Parameter, other: Parameter) -> bool:
    if one.type is not other.type:
        return False
    return one.pattern == other.pattern and (one.values == other.values)


def _is_named(parameter: Parameter, tokens: Sequence[Token], places: tuple[int, ...]) -> bool:
    index = places[0]
    return index > 0 and tokens[index - 1].word in _names(parameter)


def explains(parameter: Parameter) -> frozenset[str]:
    """Words that say only what kind of thing a parameter is: `the checkout service`, `version v43`."""
    own = _names(parameter)
    if parameter.type is ParameterType.SERVICE:
        return own | lexicon.SERVICE_WORDS
    if parameter.type is ParameterType.VERSION:
        return own | lexicon.VERSION_WORDS
    return own | lexicon.ENVIRONMENT_WORDS if parameter.name == ENVIRONMENT else own
