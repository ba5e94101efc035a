"""What the rules planner says to a person."""

from collections.abc import Sequence

from agents.grammar.binding import Doubt
from agents.grammar.clause import Clause
from agents.grammar.draft import Draft
from domain.action import Catalogue, Parameter, ParameterType
from domain.plan import Impossible, Question, Unsure

LEAVE_OUT = "leave it out"
MOST_CHOICES = 10
MOST_NAMES = 12

NEGATED = Impossible(
    "That says what not to do, and nothing will be done. To have something done, ask for it without a “not”."
)
TOO_MANY = Impossible(
    "That is more than can be planned at once: ask for at most 20 steps, each in a few words."
)
CROSSED = Impossible(
    "That names several services and several environments, and it is not clear which goes where: "
    "write one step a line, each with its service and environment."
)


def impossible(catalogue: Catalogue) -> Impossible:
    """Honest: nothing here does that, what can be done, and how to add to it."""
    names = [name.replace("_", " ") for name in catalogue.actions]
    shown = ", ".join(names[:MOST_NAMES]) + (
        f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else ""
    )
    return Impossible(
        f"No action here does that. What can be done: {shown}. Another action is an entry in the catalogue "
        "that `QD_ACTIONS` names; docs/actions.md shows how."
    )


def unsure(clause: Clause, names: Sequence[str], *, asks: bool) -> Unsure:
    """One clause, and what it might mean."""
    if asks:
        sentence = (
            f"“{clause.text}” reads as a question, and I only act on requests. Did you mean one of these?"
        )
    else:
        sentence = f"I am not sure what “{clause.text}” means. Did you mean one of these?"
    return Unsure(sentence, tuple(names))


def unclear(number: int, clause: Clause, names: Sequence[str]) -> Question:
    """One of several clauses."""
    return Question(
        f"{number}.action",
        f"I do not understand the part “{clause.text}”. Choose what it means, or leave it out.",
        (*names, LEAVE_OUT),
    )


def leftover(draft: Draft) -> Question:
    """Words that limit or add to a step in a way that the action does not know."""
    name = draft.reading.action.name
    return Question(
        f"{draft.number}.rest",
        f"I do not understand “{draft.rest}” in “{draft.clause.text}”. "
        f"`{name}` can be planned without it, or cancel and ask again in other words.",
        (LEAVE_OUT,),
    )


def question(draft: Draft, parameter: Parameter, doubt: Doubt | None, services: Sequence[str]) -> Question:
    """A value that is missing or doubtful."""
    if doubt:
        asked = f"{doubt.sentence} Which `{parameter.name}` for “{draft.clause.text}”?"
    else:
        asked = f"“{draft.clause.text}” needs `{parameter.name}`: {parameter.description}."
    choices: Sequence[str] = doubt.choices if doubt else ()
    known = {ParameterType.SERVICE: services, ParameterType.ENUM: parameter.values}.get(parameter.type, ())
    if not choices and len(known) <= MOST_CHOICES:
        choices = known
    return Question(f"{draft.number}.{parameter.name}", asked, tuple(choices))
