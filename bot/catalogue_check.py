"""What a catalogue must be beyond its shape: every name it uses exists, every example is understood."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.planner import RulesPlanner
from bot.document import Document, Location
from domain import template
from domain.action import ENVIRONMENT, Action, Catalogue, HttpCall, Parameter, ParameterType, Undo
from domain.argument import WrongValue, read
from domain.plan import Inquiry, Plan, Question

RESERVED = frozenset({"action", "result", "rest"})
"""Names that mean something else in a question's key or a template."""

_ONLY_FOR = {
    "pattern": ParameterType.STRING,
    "values": ParameterType.ENUM,
    "minimum": ParameterType.INTEGER,
    "maximum": ParameterType.INTEGER,
}


def check(document: Document, catalogue: Catalogue) -> None:
    """Raises ConfigurationError with file, line and reason for the first thing that does not hold."""
    for name, action in catalogue.actions.items():
        place = ["actions", name]
        for parameter in action.parameters:
            _check_parameter(document, [*place, "parameters", parameter.name], parameter, catalogue)
        if isinstance(action.call, HttpCall):
            _check_http(document, [*place, "http"], action, action.call)
        if action.undo is not None:
            _check_undo(document, [*place, "undo"], action, action.undo, catalogue)
    _check_examples(document, catalogue)


def _check_parameter(
    document: Document, place: Sequence[str], parameter: Parameter, catalogue: Catalogue
) -> None:
    name = parameter.name
    if name in RESERVED:
        document.refuse(place, f"a parameter cannot be called `{name}`: choose another name")
    for key, wanted in _ONLY_FOR.items():
        if getattr(parameter, key) not in (None, ()) and parameter.type is not wanted:
            document.refuse([*place, key], f"`{key}` is only for parameters of the type {wanted}")
    if parameter.type is ParameterType.ENUM and not parameter.values:
        document.refuse(place, f"`{name}` is an enum without `values`")
    if name == ENVIRONMENT and parameter.type is not ParameterType.ENUM:
        document.refuse([*place, "type"], "`environment` is read by the policy and must be an enum")
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and low > high:
        document.refuse([*place, "minimum"], "`minimum` is greater than `maximum`")
    if parameter.default is not None:
        _check_default(document, [*place, "default"], parameter, catalogue)


def _check_default(
    document: Document, place: Sequence[str], parameter: Parameter, catalogue: Catalogue
) -> None:
    try:
        if read(parameter, parameter.default or "", catalogue.services) == parameter.default:
            return
    except WrongValue as wrong:
        document.refuse(
            place, f"`default` is not a value of `{parameter.name}`: {wrong.sentence.rstrip('.')}"
        )
    document.refuse(
        place, f"`default` should be written as a {parameter.type} is stored, quotes and case included"
    )


def _check_http(document: Document, place: Sequence[str], action: Action, call: HttpCall) -> None:
    if call.body is not None and call.method == "GET":
        document.refuse([*place, "body"], "a GET has no `body`")
    if _holds_braces(call.body):
        document.refuse([*place, "body"], 'a template such as "{service}" needs quotes in YAML')
    if not call.address.startswith(("http://", "https://", "${")):
        document.refuse([*place, "address"], "`address` should begin with https://, http:// or ${NAME}")
    if template.places(_origin(call.address)):
        document.refuse([*place, "address"], "no parameter can choose the host: put it after the first `/`")
    always = frozenset(each.name for each in action.parameters if each.required or each.default is not None)
    known = frozenset(each.name for each in action.parameters)
    _check_places(document, [*place, "address"], call.address, always, "always has a value")
    _check_places(document, [*place, "headers"], dict(call.headers), always, "always has a value")
    _check_places(document, [*place, "body"], call.body, known, "exists")


def _holds_braces(body: Any) -> bool:
    """Whether YAML read `{service}` without quotes, as a mapping of `service` to nothing."""
    if isinstance(body, Mapping):
        lone = len(body) == 1 and None in body.values()
        return lone or any(_holds_braces(item) for item in body.values())
    return isinstance(body, list) and any(_holds_braces(item) for item in body)


def _origin(address: str) -> str:
    rest = address.split("://", 1)[-1]
    return rest.split("/", 1)[0]


def _check_places(
    document: Document, place: Sequence[str], structure: Any, known: frozenset[str], what: str
) -> None:
    for stray in template.strays(structure):
        document.refuse(place, f"“{stray}” has braces that are no template: write {{parameter}} or ${{NAME}}")
    for name in sorted(template.places(structure) - known):
        document.refuse(place, f"{{{name}}} names no parameter that {what}")


def _check_undo(
    document: Document, place: Sequence[str], action: Action, undo: Undo, catalogue: Catalogue
) -> None:
    target = catalogue.actions.get(undo.action)
    if target is None:
        document.refuse([*place, "action"], f"`{undo.action}` is no action of this catalogue")
    known = frozenset(each.name for each in action.parameters)
    for name, text in undo.arguments.items():
        if target.parameter(name) is None:
            document.refuse([*place, "arguments", name], f"`{undo.action}` has no parameter `{name}`")
        fields = {each for each in template.places(text) if each.startswith("result.")}
        _check_places(document, [*place, "arguments", name], text, known | fields, "exists")
    for parameter in target.parameters:
        if parameter.required and parameter.name not in undo.arguments:
            document.refuse([*place, "arguments"], f"`{undo.action}` needs `{parameter.name}`")


def _check_examples(document: Document, catalogue: Catalogue) -> None:
    """Each example alone must come to one step of its action: what is shown to people has to work."""
    planner = RulesPlanner(catalogue)
    for name, action in catalogue.actions.items():
        for number, example in enumerate(action.examples):
            outcome = planner.outcome(Inquiry(example))
            found = [step.action for step in outcome.steps] if isinstance(outcome, Plan) else []
            if found != [name]:
                reason = f"as {' and '.join(found)}" if found else "by nobody"
                if isinstance(outcome, Question):
                    reason = f"only in part: {outcome.sentence.rstrip('.?')}"
                place: Location = ["actions", name, "examples", number]
                document.refuse(place, f"the example “{example}” is understood {reason}; word it differently")
