"""docs/actions.md says what the code does: every key, every type, every phrase, every request."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agents.planner import RulesPlanner
from bot import catalogue as catalogue_file
from bot.catalogue import load
from domain.action import Effect, HttpCall, Parameter, ParameterType
from domain.argument import ALIASES, MAX_TEXT, WrongValue, read
from domain.plan import Impossible, Inquiry, Plan, Question, Unsure
from integrations.http_answer import MOST_BYTES, NOT_DONE, UNKNOWN

PAGE = (Path(__file__).parents[3] / "docs" / "actions.md").read_text(encoding="utf-8")


def _rows(first: str, start: str = "") -> list[list[str]]:
    """The cells of the table whose head begins with `first`, after `start`."""
    text = PAGE[PAGE.index(start) :]
    begin = text.index(f"| {first} |")
    lines = text[begin:].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _keys(heading: str) -> set[str]:
    return {key for row in _rows("key", heading) for key in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("## An action", "_Action"),
        ("### Risk", "_Risk"),
        ("### Parameters", "_Parameter"),
        ("### HTTP", "_Http"),
    ],
)
def test_every_key_is_explained_and_none_that_is_not_there(heading: str, model: str) -> None:
    fields: type[BaseModel] = getattr(catalogue_file, model)
    assert _keys(heading) == set(fields.model_fields)


def test_what_is_needed_and_the_defaults_are_as_said() -> None:
    for heading, model in (("### Risk", "_Risk"), ("### HTTP", "_Http"), ("### Parameters", "_Parameter")):
        fields: type[BaseModel] = getattr(catalogue_file, model)
        for name, second, *_ in _rows("key", heading):
            info = fields.model_fields[re.findall(r"`(\w+)`", name)[0]]
            assert info.is_required() == (second == "needed"), name
            if re.fullmatch(r"`\w+`", second):
                assert _show(info.default) == second.strip("`"), name


def _show(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | str) else f"{value:g}"


@pytest.mark.parametrize("key", ["services", "actions", "statuses", "fields", "action", "arguments"])
def test_the_other_keys_are_named(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_every_parameter_type_is_there_and_behaves_as_said() -> None:
    rows = _rows("type")
    assert [row[0].strip("`") for row in rows] == [kind.value for kind in ParameterType]
    for kind, _, given, becomes, refused in rows:
        parameter = Parameter("it", ParameterType(kind.strip("`")), "it", values=("production", "staging"))
        services = ("checkout",)
        assert str(read(parameter, given.strip("`"), services)) == becomes.strip("`")
        if refused:
            with pytest.raises(WrongValue):
                read(parameter, refused.strip("`"), services)


def test_the_numbers_and_words_are_those_of_the_code() -> None:
    assert f"{MAX_TEXT:,} characters" in PAGE
    assert f"{MOST_BYTES // 1024} KiB" in PAGE
    assert all(f"`{alias}`" in PAGE for alias in ALIASES)
    assert all(f"`{effect}`" in PAGE for effect in Effect)
    outcomes = {row[0]: row[1] for row in _rows("what happens")}
    not_connected, no_answer = list(outcomes)[:2]
    assert {int(each) for each in re.findall(r"\d{3}", not_connected)} == NOT_DONE
    assert {int(each) for each in re.findall(r"\d{3}", no_answer)} == UNKNOWN


def test_the_example_is_a_catalogue_that_works(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(PAGE.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    catalogue = load(path)
    assert set(catalogue.actions) == {"drain", "fill"}
    plan = RulesPlanner(catalogue).outcome(Inquiry("take payments out of zone eu-2 for 30 minutes"))
    assert isinstance(plan, Plan)
    assert plan.steps[0].arguments == {"service": "payments", "zone": "eu-2", "minutes": 30}


@pytest.mark.parametrize("row", _rows("request", "## How a request is read"), ids=lambda row: row[0])
def test_a_request_comes_to_what_the_page_says(row: list[str]) -> None:
    outcome = RulesPlanner(load()).outcome(Inquiry(row[0].strip("`")))
    if " steps" in row[1]:
        assert isinstance(outcome, Plan)
        assert len(outcome.steps) == {"two": 2, "three": 3}[row[1].split()[0]]
    elif "question" in row[1]:
        assert isinstance(outcome, Question)
        assert f"`{outcome.key}`" in row[1]
    else:
        assert isinstance(outcome, Unsure if "choice" in row[1] else Impossible)


def test_the_deployers_requests_are_those_of_the_packaged_actions() -> None:
    packaged = load().actions
    described = {row[3].strip("`"): row for row in _rows("request", "## The deployer's HTTP API")}
    over_http = {name: each.call for name, each in packaged.items() if isinstance(each.call, HttpCall)}
    assert set(described) == set(over_http)
    for name, call in over_http.items():
        address = call.address.removeprefix("${QD_DEPLOYER_URL}")
        assert described[name][0] == f"`{call.method} {address}`"
        assert re.findall(r"`(\w+)`", described[name][1]) == list(call.body or {})
        assert call.idempotency_header == ("Idempotency-Key" if call.method != "GET" else None)
        assert dict(call.headers) == {"Authorization": "Bearer ${QD_DEPLOYER_TOKEN}"}
