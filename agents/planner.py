"""The planner that needs no model: grammar and examples of the catalogue, and nothing that is not there."""

from collections.abc import Mapping, Sequence

from agents.grammar import draft as drafts
from agents.grammar import sentence
from agents.grammar.clause import Clause, Manner, split
from agents.grammar.draft import Draft
from agents.grammar.matcher import Matcher, Reading
from agents.grammar.resolution import Resolution, consents
from agents.grammar.similarity import Similarity
from agents.grammar.token import TooLong
from domain.action import Action, Catalogue
from domain.argument import clean
from domain.plan import Inquiry, Outcome, Question, Unsure

MOST_STEPS = 20
MOST_WORDS = 120
"""In one clause, quotations counted as one."""
LOOSE_WORDS = 3
"""That many words which nothing explains, and no argument: the verb alone is no reason to plan."""
LISTED = 3


class RulesPlanner:
    """Fulfils `domain.plan.Planner`. Holds no state: the same inquiry gives the same outcome."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._matcher = Matcher(catalogue)
        self._similarity = Similarity(catalogue, self._matcher.documents())

    @property
    def name(self) -> str:
        """`rules`: no model had a part in it."""
        return "rules"

    async def plan(self, inquiry: Inquiry) -> Outcome:
        """One attempt; called again with each answer."""
        return self.outcome(inquiry)

    def outcome(self, inquiry: Inquiry) -> Outcome:
        """The same, for callers that are not asynchronous."""
        request = clean(inquiry.request)
        try:
            clauses = self._split(request)
        except TooLong:
            return sentence.TOO_MANY
        if len(clauses) > MOST_STEPS or any(len(each.tokens) > MOST_WORDS for each in clauses):
            return sentence.TOO_MANY
        if not clauses:
            return sentence.impossible(self._catalogue)
        return _Attempt(self, request, clauses, inquiry.answers).outcome()

    def _split(self, request: str) -> list[Clause]:
        return split(request, self._matcher.takes_text, self._matcher.starts_step)

    def best(self, clause: Clause) -> Reading | None:
        """The reading that is better than all others, if it is worth anything."""
        if clause.manner is Manner.NEGATION:
            return None
        found = self._matcher.readings(clause)
        if not found or (len(found) > 1 and _rank(found[0]) == _rank(found[1])):
            return None
        best = found[0]
        is_loose = len(best.rest) >= LOOSE_WORDS and not best.binding.used
        return None if is_loose or drafts.first_is_limit(clause) else best

    def read_as(self, clause: Clause, action: Action) -> Reading:
        """The clause as one action, whatever its words."""
        return self._matcher.read_as(clause, action)

    def near(self, clause: Clause) -> tuple[str, ...]:
        """Actions to offer for a clause that is not understood, the nearest first."""
        readings = self._matcher.readings(clause)
        words = [word for each in self._matcher.said(clause.tokens) for word in each.meaning or (each.word,)]
        names = [each.action.name for each in readings] + list(self._similarity.nearest(words))
        if not names:
            fitting = [self.read_as(clause, action) for action in self._catalogue.actions.values()]
            fitting = [each for each in fitting if each.certain and each.binding.values]
            fitting.sort(key=lambda each: -len(each.binding.values))
            names = [each.action.name for each in fitting]
        return tuple(dict.fromkeys(names))[:LISTED]

    @property
    def catalogue(self) -> Catalogue:
        """What it plans with."""
        return self._catalogue


class _Attempt:
    """One inquiry."""

    def __init__(
        self, planner: RulesPlanner, request: str, clauses: Sequence[Clause], answers: Mapping[str, str]
    ) -> None:
        self._planner, self._catalogue = planner, planner.catalogue
        self._request, self._clauses, self._answers = request, clauses, answers
        self._drafts: list[Draft] = []
        self._dropped: set[str] = set()

    def outcome(self) -> Outcome:
        problem = self._read_alone() if len(self._clauses) == 1 else self._read_all()
        if problem is not None:
            return problem
        if not self._drafts:
            return sentence.impossible(self._catalogue)
        return Resolution(self._catalogue, self._answers, self._dropped).resolve(self._drafts)

    def _read_alone(self) -> Outcome | None:
        clause = self._clauses[0]
        if clause.manner is Manner.NEGATION:
            return sentence.NEGATED
        return None if self._add(1, clause, self._answers.get("action")) else self._offer(clause)

    def _offer(self, clause: Clause) -> Outcome:
        names = self._planner.near(clause)
        if not names:
            return sentence.impossible(self._catalogue)
        return sentence.unsure(clause, names, asks=clause.manner is Manner.QUESTION)

    def _read_all(self) -> Outcome | None:
        unclear: list[Question | Unsure] = []
        for number, clause in enumerate(self._clauses, start=1):
            answer = self._answers.get(f"{number}.action")
            if consents(answer):
                self._dropped.update(token.word for token in (*clause.tokens, *clause.cut))
            elif not self._add(number, clause, answer):
                names = () if clause.manner is Manner.NEGATION else self._planner.near(clause)
                unclear.append(sentence.unclear(number, clause, names))
        return self._judge(unclear)

    def _judge(self, unclear: Sequence[Question | Unsure]) -> Outcome | None:
        if not unclear:
            return None
        nothing = not self._drafts and all(isinstance(q, Question) and len(q.choices) == 1 for q in unclear)
        if nothing and all(clause.manner is Manner.NEGATION for clause in self._clauses):
            return sentence.NEGATED
        return sentence.impossible(self._catalogue) if nothing else unclear[0]

    def _add(self, number: int, clause: Clause, chosen: str | None) -> bool:
        """Make a draft of the clause, and say whether that was possible."""
        action = self._catalogue.actions.get((chosen or "").strip().casefold().replace(" ", "_"))
        if clause.manner is Manner.NEGATION:
            return False
        best = self._planner.best(clause)
        if action is not None and (best is None or best.action != action):
            self._drafts.append(self._draft_chosen(number, clause, self._planner.read_as(clause, action)))
        elif best is not None:
            self._drafts.append(self._draft(number, clause, best, spoken=True))
        elif (leaning := self._lean(clause)) is not None:
            made = self._draft(number, clause, leaning, spoken=False)
            if clause.follows or not self._drafts[-1].absorb(made):
                self._drafts.append(made)
        else:
            return False
        return True

    def _draft(self, number: int, clause: Clause, reading: Reading, *, spoken: bool) -> Draft:
        return drafts.create(self._request, number, clause, reading, self._catalogue.services, spoken=spoken)

    def _draft_chosen(self, number: int, clause: Clause, reading: Reading) -> Draft:
        """The person has chosen what the verb means; what limits something, or is a value, is still asked about."""
        made = self._draft(number, clause, reading, spoken=True)
        if not clause.restricted and all(clause.tokens[index].word.isalpha() for index in reading.rest):
            made.rest = ""
        return made

    def _lean(self, clause: Clause) -> Reading | None:
        """A clause without an action of its own that begins with an argument: `then to production`."""
        if not self._drafts or clause.manner is not Manner.ORDER:
            return None
        reading = self._planner.read_as(clause, self._drafts[-1].reading.action)
        return reading if drafts.begins_with_argument(clause, reading, self._catalogue.services) else None


def _rank(reading: Reading) -> tuple[bool, int]:
    return reading.certain, reading.size
