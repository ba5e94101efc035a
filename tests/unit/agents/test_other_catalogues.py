"""The planner over catalogues of other people's making."""

from typing import Any

import pytest

from agents.planner import RulesPlanner
from domain.action import Action, Catalogue, Effect, Parameter, ParameterType, PortCall, Risk
from domain.plan import Inquiry, Plan, Question, Unsure

SERVICE = Parameter("service", ParameterType.SERVICE, "the service")
REVIEWER = Parameter("reviewer", ParameterType.PERSON, "who reviews")
NUMBER = Parameter("number", ParameterType.INTEGER, "the pull request")
SIZE = Parameter("size", ParameterType.ENUM, "how large", values=("small", "large"))
REGION = Parameter("region", ParameterType.ENUM, "where", values=("EU", "US"), required=False, default="EU")
LOW = Parameter("low", ParameterType.INTEGER, "the lower bound")
HIGH = Parameter("high", ParameterType.INTEGER, "the upper bound")


def _action(
    name: str, parameters: tuple[Parameter, ...], *examples: str, effect: Effect = Effect.UPDATE
) -> Action:
    return Action(name, name, examples, parameters, effect, Risk(name), PortCall("chat.post"))


ACTIONS = (
    _action(
        "assign_reviewer",
        (NUMBER, REVIEWER),
        "assign <@U0LEAD> to pull request 7",
        "ask <@U0LEAD> to review number 7",
    ),
    _action("resize", (SERVICE, SIZE, REGION), "resize checkout to large", "make checkout small in US"),
    _action("limit", (LOW, HIGH), "limit low 1 high 5"),
    _action("stop", (SERVICE,), "stop checkout"),
    _action("push_notification", (SERVICE,), "push notification for checkout"),
    _action("deploy", (SERVICE,), "deploy checkout"),
)
CATALOGUE = Catalogue({each.name: each for each in ACTIONS}, ("checkout", "search", "scale"))
PLANNER = RulesPlanner(CATALOGUE)


def _outcome(request: str, **answers: str) -> Any:
    return PLANNER.outcome(
        Inquiry(request, {key.replace("__", "."): value for key, value in answers.items()})
    )


@pytest.mark.parametrize(
    ("request_text", "action", "arguments"),
    [
        ("assign <@U0DEV> to pull request 12", "assign_reviewer", {"reviewer": "U0DEV", "number": 12}),
        ("ask <@U0DEV|dev> to review number 12", "assign_reviewer", {"reviewer": "U0DEV", "number": 12}),
        ("resize checkout to small", "resize", {"service": "checkout", "size": "small", "region": "EU"}),
        ("make search large in us", "resize", {"service": "search", "size": "large", "region": "US"}),
        ("limit low 2 high 3", "limit", {"low": 2, "high": 3}),
        ("limit high 3 low 2", "limit", {"low": 2, "high": 3}),
        ("limit low=2 high=3", "limit", {"low": 2, "high": 3}),
        ("stop search", "stop", {"service": "search"}),
        ("push notification for search", "push_notification", {"service": "search"}),
        ("push search", "deploy", {"service": "search"}),
        ("stop scale", "stop", {"service": "scale"}),
    ],
)
def test_a_request_becomes_one_step(request_text: str, action: str, arguments: dict[str, Any]) -> None:
    outcome = _outcome(request_text)
    assert isinstance(outcome, Plan), outcome
    [step] = outcome.steps
    assert (step.action, step.arguments) == (action, arguments)


@pytest.mark.parametrize(
    ("request_text", "key"),
    [
        ("assign @lead to pull request 12", "1.reviewer"),
        ("assign <@U0DEV> <@U0LEAD> to pull request 12", "1.reviewer"),
        ("assign <@U0DEV> to pull request", "1.number"),
        ("resize checkout", "1.size"),
        ("resize checkout to larg", "1.size"),
        ("resize checkout to small large", "1.size"),
        ("limit 2 3", "1.low"),
        ("limit low 2", "1.high"),
        ("push notification for search and checkout quickly", "2.rest"),
    ],
)
def test_what_is_missing_or_doubtful_is_asked(request_text: str, key: str) -> None:
    outcome = _outcome(request_text)
    assert isinstance(outcome, Question), outcome
    assert outcome.key == key


def test_a_person_is_answered_with_a_mention() -> None:
    outcome = _outcome("assign @lead to pull request 12", **{"1__reviewer": "<@U0LEAD>"})
    assert isinstance(outcome, Plan)
    assert outcome.steps[0].arguments["reviewer"] == "U0LEAD"


def test_actions_with_the_same_words_are_offered_and_not_chosen() -> None:
    twins = [_action(name, (SERVICE,), f"{name} checkout", "flush checkout") for name in ("purge", "empty")]
    planner = RulesPlanner(Catalogue({each.name: each for each in twins}, ("checkout",)))
    outcome = planner.outcome(Inquiry("flush checkout"))
    assert isinstance(outcome, Unsure)
    assert set(outcome.actions) == {"purge", "empty"}
    chosen = planner.outcome(Inquiry("flush checkout", {"action": "empty"}))
    assert isinstance(chosen, Plan)
    assert chosen.steps[0].action == "empty"


def test_a_catalogue_without_services_or_of_many_actions_is_no_trouble() -> None:
    many = {f"act_{n}": _action(f"act_{n}", (), f"do thing {chr(97 + n % 26)}{n}") for n in range(200)}
    planner = RulesPlanner(Catalogue(many))
    outcome = planner.outcome(Inquiry("do thing b27"))
    assert isinstance(outcome, Plan)
    assert outcome.steps[0].action == "act_27"
