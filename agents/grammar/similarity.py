"""Which actions a request is about, where the grammar is not sure: to offer them, never to choose one."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from agents.grammar import lexicon
from domain.action import Catalogue
from domain.argument import is_one_slip

NEAR = 0.35
"""The cosine from which an action is offered."""
LEAST_LETTERS = 5
"""Shorter words are not corrected: make is not take."""
SLIP_WEIGHT = 0.8
MOST_WORDS = 60

_COMMON = (
    lexicon.FILLERS
    | lexicon.QUESTIONS
    | lexicon.RESTRICTIONS
    | lexicon.TIMES
    | lexicon.PRONOUNS
    | lexicon.SERVICE_WORDS
    | lexicon.ENVIRONMENT_WORDS
    | lexicon.COMMON
)

Vector = Mapping[str, float]


class Similarity:
    """TF-IDF over the words of names and examples. `documents` has some word lists for each action."""

    def __init__(self, catalogue: Catalogue, documents: Mapping[str, Sequence[Sequence[str]]]) -> None:
        values = {
            value
            for action in catalogue.actions.values()
            for each in action.parameters
            for value in each.values
        }
        self._ignored = _COMMON | set(catalogue.services) | values
        words = {name: {word for each in lists for word in each} for name, lists in documents.items()}
        counts = Counter(word for each in words.values() for word in each)
        self._rarity = {word: math.log(1 + len(words) / count) for word, count in counts.items()}
        self._documents = {
            name: [self._vector(self._weigh(each)) for each in lists] for name, lists in documents.items()
        }

    def nearest(self, words: Sequence[str], most: int = 3) -> tuple[str, ...]:
        """Names of actions, nearest first; none where nothing is near."""
        query = self._vector(self._weigh([self._correct(word) for word in words[:MOST_WORDS]], words))
        scores = {
            name: max((_cosine(query, document) for document in documents), default=0.0)
            for name, documents in self._documents.items()
        }
        near = sorted((name for name in scores if scores[name] >= NEAR), key=lambda name: -scores[name])
        return tuple(near[:most])

    def _weigh(self, words: Sequence[str], typed: Sequence[str] | None = None) -> Vector:
        weights: dict[str, float] = {}
        for word, original in zip(words, typed or words, strict=False):
            if word and word not in self._ignored and not any(char.isdigit() for char in word):
                weights[word] = 1.0 if word == original else SLIP_WEIGHT
        return weights

    def _vector(self, weights: Vector) -> Vector:
        rarest = max(self._rarity.values(), default=1.0)
        return {word: weight * self._rarity.get(word, rarest) for word, weight in weights.items()}

    def _correct(self, word: str) -> str:
        """The known word that was likely meant: one slip away, or the same with an ending (`deployment`)."""
        if word in self._rarity or word in self._ignored or not LEAST_LETTERS <= len(word) <= 30:
            return word
        known = [each for each in self._rarity if len(each) >= LEAST_LETTERS]
        return next((each for each in known if word.startswith(each) or is_one_slip(word, each)), word)


def _cosine(one: Vector, other: Vector) -> float:
    product = sum(weight * other.get(word, 0.0) for word, weight in one.items())
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return product / lengths if lengths else 0.0
