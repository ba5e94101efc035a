"""Matching a clause to the actions of a catalogue, by the words of their names and examples."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.grammar import lexicon
from agents.grammar.binding import Binder, Binding, explains
from agents.grammar.clause import Clause, Manner, split
from agents.grammar.token import Kind, Token
from domain.action import Action, Catalogue, Effect, Parameter, ParameterType

Words = tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """What a token says: its word, and the words of the catalogue that mean the same."""

    word: str
    meaning: Words = ()

    @property
    def words(self) -> Words:
        """All of them."""
        return (self.word, *self.meaning)

    def is_among(self, known: frozenset[str]) -> bool:
        """Whether the word or its whole meaning is known."""
        return self.word in known or (bool(self.meaning) and all(each in known for each in self.meaning))


@dataclass(frozen=True)
class Reading:
    """A clause read as an action: its arguments, what nothing explains, and how many words name the action."""

    action: Action
    binding: Binding
    rest: tuple[int, ...]
    size: int = 0

    @property
    def certain(self) -> bool:
        """Whether every word is understood."""
        return not self.rest


class _Entry:
    """An action as the matcher knows it. A head is a set of words that names it; `known` are all words of its
    examples.
    """

    def __init__(self, action: Action, services: Sequence[str]) -> None:
        self.action = action
        self._kinds = _kind_words(action)
        examples = [
            clause for text in action.examples for clause in split(text, lambda _: True, lambda _: False)
        ]
        binder = Binder(action, services)
        self.heads = {self._name_head(), *(self._head(each, binder) for each in examples)} - {frozenset()}
        words = frozenset(word for head in self.heads for word in head)
        self.known = words.union(*(explains(parameter) for parameter in action.parameters))
        self._binder = Binder(action, services, words, _marks(examples) & words)

    def _name_head(self) -> frozenset[str]:
        words = frozenset(self.action.name.split("_"))
        return words - self._kinds or words

    def _head(self, clause: Clause, binder: Binder) -> frozenset[str]:
        used = binder.bind(clause.tokens).used
        words = {
            token.word
            for index, token in enumerate(clause.tokens)
            if index not in used
            and not token.word.isdecimal()
            and not (token.word in lexicon.VERSION_WORDS and index + 1 in used)
        }
        return frozenset(words - self._kinds - lexicon.FILLERS - {""})

    def read(self, tokens: Sequence[Token], said: Sequence[Said]) -> Reading:
        """The clause as this action, whatever its words."""
        binding = self._binder.bind(tokens)
        free = [index for index in range(len(tokens)) if index not in binding.used]
        rest = tuple(index for index in free if not self._is_explained(tokens[index], said[index]))
        return Reading(self.action, binding, rest, self._size([said[index] for index in free]))

    def _is_explained(self, token: Token, said: Said) -> bool:
        if token.kind not in (Kind.WORD, Kind.EMOJI):
            return False
        return said.word in lexicon.FILLERS or said.is_among(self.known)

    def _size(self, free: Sequence[Said]) -> int:
        """The number of words in the largest head that the clause has; 0 where another word comes before it."""
        meant = [each for each in free if each.word not in lexicon.FILLERS]
        if not meant or not meant[0].is_among(self.known):
            return 0
        present = frozenset(word for each in free for word in each.words)
        return max((len(head) for head in self.heads if head <= present), default=0)


class Matcher:
    """Built once from a catalogue; holds no state between requests."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._entries = {name: _Entry(each, catalogue.services) for name, each in catalogue.actions.items()}
        names = [tuple(name.split("_")) for name in catalogue.actions if "_" in name]
        self._spellings = {sign.join(words): words for words in names for sign in ("", "-", "_")}

    def said(self, tokens: Sequence[Token]) -> list[Said]:
        """What each token says."""
        words = [token.word for token in tokens]
        phrases = [lexicon.PHRASES.get(pair) for pair in zip(words, [*words[1:], ""], strict=False)]
        return [
            self._say(word, phrase or before)
            for word, phrase, before in zip(words, phrases, [None, *phrases], strict=False)
        ]

    def _say(self, word: str, phrase: str | None) -> Said:
        known = phrase or lexicon.SYNONYMS.get(word, word)
        meaning = self._spellings.get(known, (known,))
        return Said(word, () if meaning == (word,) else meaning)

    def readings(self, clause: Clause) -> list[Reading]:
        """The clause as each action whose head it has, the surest first. A question only reads."""
        said = self.said(clause.tokens)
        present = frozenset(word for each in said for word in each.words)
        near = [each for each in self._entries.values() if any(head <= present for head in each.heads)]
        found = [each for each in (entry.read(clause.tokens, said) for entry in near) if each.size]
        if clause.manner is not Manner.ORDER:
            found = [each for each in found if each.action.effect is Effect.READ and each.certain]
        return sorted(found, key=lambda each: (not each.certain, -each.size))

    def read_as(self, clause: Clause, action: Action) -> Reading:
        """The clause as an action that somebody chose, or that the clause before was about."""
        return self._entries[action.name].read(clause.tokens, self.said(clause.tokens))

    def documents(self) -> dict[str, list[list[str]]]:
        """The words of each action's name and examples, for the similarity."""
        return {name: [sorted(head) for head in entry.heads] for name, entry in self._entries.items()}

    def takes_text(self, tokens: Sequence[Token]) -> bool:
        """Whether these words name an action that says something freely."""
        words = frozenset(word for each in self.said(tokens) for word in each.words)
        speaking = [
            each for each in self._entries.values() if any(map(_is_free_text, each.action.parameters))
        ]
        return any(head <= words for entry in speaking for head in entry.heads)

    def starts_step(self, tokens: Sequence[Token]) -> bool:
        """Whether these words begin as an action does."""
        meant = [each for each in self.said(tokens) if each.word not in lexicon.FILLERS]
        heads = [head for each in self._entries.values() for head in each.heads]
        return bool(meant) and any(meant[0].is_among(head) for head in heads)


def _marks(examples: Sequence[Clause]) -> frozenset[str]:
    """Words right before a number."""
    pairs = [pair for each in examples for pair in zip(each.tokens, each.tokens[1:], strict=False)]
    return frozenset(before.word for before, token in pairs if token.word.isdecimal())


def _kind_words(action: Action) -> frozenset[str]:
    """Words that say what kind of thing comes, and do not name the action: service, environment."""
    kinds = (ParameterType.SERVICE, ParameterType.ENUM)
    return frozenset(word for each in action.parameters if each.type in kinds for word in explains(each))


def _is_free_text(parameter: Parameter) -> bool:
    return parameter.type is ParameterType.STRING and parameter.pattern is None
