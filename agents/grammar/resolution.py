"""From drafts to a plan: what each clause takes over from the others, what was answered, what is still to be asked."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from agents.grammar import lexicon, sentence
from agents.grammar.binding import Binder, Doubt
from agents.grammar.draft import Draft
from agents.grammar.token import Kind, tokenize
from domain.action import ENVIRONMENT, Catalogue, Parameter, ParameterType, Value
from domain.argument import ALIASES, WrongValue, check, clean, read
from domain.plan import Outcome, Plan, Question, Step

MOST_ANSWER = 1_000
"""How much of an answer is searched for a value, in characters."""

_CONSENT = frozenset(
    {"leave it out", "leave out", "without it", "without", "ignore it", "ignore", "yes", "ok"}
)


def consents(answer: str | None) -> bool:
    """Whether an answer says to leave something out."""
    return answer is not None and " ".join(answer.casefold().split()).strip(".! ") in _CONSENT


@dataclass(frozen=True)
class Resolution:
    """One attempt to make a plan. `dropped` are the words of the parts that a person left out."""

    catalogue: Catalogue
    answers: Mapping[str, str]
    dropped: AbstractSet[str]

    def resolve(self, drafts: Sequence[Draft]) -> Outcome:
        """A plan, or the first question."""
        if any(_is_crossed(group) for group in _groups(drafts)):
            return sentence.CROSSED
        for group in _groups(drafts):
            _distribute(group)
        steps = []
        for index, draft in enumerate(drafts):
            problem = self._complete(draft, drafts[:index], drafts[index + 1 :])
            if problem is not None:
                return problem
            arguments = check(draft.reading.action, draft.values, self.catalogue.services)
            steps.append(Step(index + 1, draft.reading.action.name, arguments))
        return Plan(tuple(steps))

    def _complete(self, draft: Draft, earlier: Sequence[Draft], later: Sequence[Draft]) -> Question | None:
        _inherit(draft, earlier)
        self._place(draft, earlier, later)
        for parameter in draft.parameters:
            self._answer(draft, parameter)
        if draft.rest and not consents(self.answers.get(f"{draft.number}.rest")):
            return sentence.leftover(draft)
        for parameter in draft.parameters:
            doubt = draft.doubts.get(parameter.name)
            if doubt or (parameter.required and draft.lacks(parameter.name)):
                return sentence.question(draft, parameter, doubt, self.catalogue.services)
        return None

    def _answer(self, draft: Draft, parameter: Parameter) -> None:
        answer = self.answers.get(f"{draft.number}.{parameter.name}")
        if answer is None:
            return
        try:
            draft.values[parameter.name] = self._read(draft, parameter, answer)
            draft.doubts.pop(parameter.name, None)
        except WrongValue as wrong:
            draft.values.pop(parameter.name, None)
            draft.doubts[parameter.name] = Doubt(wrong.sentence, wrong.near)

    def _read(self, draft: Draft, parameter: Parameter, answer: str) -> Value:
        """The answer itself, or the one value in it with nothing else that matters: `the staging one` fails,
        `to staging, please` does not.
        """
        tokens = tokenize(clean(answer)[:MOST_ANSWER])
        if len(tokens) == 1 and tokens[0].kind is Kind.QUOTED:
            answer = tokens[0].text
        try:
            return read(parameter, answer, self.catalogue.services)
        except WrongValue:
            alone = replace(draft.reading.action, parameters=(parameter,))
            binding = Binder(alone, self.catalogue.services, frozenset()).bind(tokens)
            rest = [
                t for i, t in enumerate(tokens) if i not in binding.used and t.word not in lexicon.FILLERS
            ]
            if parameter.name in binding.values and all(t.kind in (Kind.SIGN, Kind.WEAK) for t in rest):
                return binding.values[parameter.name]
            raise

    def _place(self, draft: Draft, earlier: Sequence[Draft], later: Sequence[Draft]) -> None:
        """The environment. Where the request names one elsewhere and this clause does not, it may have been meant for
        this clause as well: it is taken over by a clause that leans on the one before, and asked about otherwise.
        """
        parameter = next((each for each in draft.parameters if each.name == ENVIRONMENT), None)
        if parameter is None or not draft.lacks(ENVIRONMENT):
            return
        before = next(
            (each.values[ENVIRONMENT] for each in reversed(earlier) if ENVIRONMENT in each.values), None
        )
        leans = not draft.spoken or draft.service(draft.own) is None
        if before is not None and leans and before in parameter.values:
            draft.values[ENVIRONMENT] = before
            return
        after = [each.own[ENVIRONMENT] for each in later if ENVIRONMENT in each.own]
        others = [value for value in (before, *after) if value not in (None, parameter.default)]
        if others or self._was_dropped(draft, parameter):
            draft.doubts[ENVIRONMENT] = Doubt("It is not clear where.")

    def _was_dropped(self, draft: Draft, parameter: Parameter) -> bool:
        """Whether a text that is left out says something about environments."""
        names = {value.casefold() for value in parameter.values} | set(ALIASES)
        return bool((self.dropped | draft.rest_words) & names)


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Lists within one clause of the grammar: `restart checkout, payments and search`."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        if groups and not draft.spoken and not draft.clause.follows:
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return groups


def _is_crossed(group: Sequence[Draft]) -> bool:
    services = {each.service(each.own) for each in group} - {None}
    places = {each.own.get(ENVIRONMENT) for each in group} - {None}
    complete = all(each.service(each.own) and ENVIRONMENT in each.own for each in group)
    return len(services) > 1 and len(places) > 1 and not complete


def _distribute(group: Sequence[Draft]) -> None:
    """What stands after a list is meant for all of it. Versions belong to one service and are not handed on."""
    last = group[-1]
    for parameter in last.parameters:
        if parameter.type in (ParameterType.SERVICE, ParameterType.VERSION) or parameter.name not in last.own:
            continue
        for draft in group[:-1]:
            if draft.lacks(parameter.name):
                draft.values[parameter.name] = last.own[parameter.name]


def _inherit(draft: Draft, earlier: Sequence[Draft]) -> None:
    """What a clause leaves out and the ones before it said."""
    for parameter in draft.parameters:
        if parameter.type is ParameterType.SERVICE and draft.lacks(parameter.name):
            service = next((each.service() for each in reversed(earlier) if each.service() is not None), None)
            if service is not None:
                draft.values[parameter.name] = service
    alike = [each for each in reversed(earlier) if each.reading.action == draft.reading.action]
    for parameter in draft.parameters:
        if parameter.name == ENVIRONMENT or not draft.lacks(parameter.name):
            continue
        for other in alike:
            if parameter.name in other.values and _hands_on(other, draft, parameter):
                draft.values[parameter.name] = other.values[parameter.name]
                break


def _hands_on(other: Draft, draft: Draft, parameter: Parameter) -> bool:
    same = other.service() == draft.service()
    if parameter.type is ParameterType.VERSION:
        return same
    return not draft.spoken or (same and parameter.required)
