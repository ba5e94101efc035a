"""The packaged catalogue, and what one hears of a mistake in one's own."""

from pathlib import Path

import pytest
import yaml

from bot.catalogue import load
from bot.policy import load as load_policy
from domain.action import ENVIRONMENT, Catalogue, Effect, HttpCall, PortCall
from domain.approval import Level
from domain.errors import ConfigurationError
from domain.plan import Step
from domain.risk import assess, describe

GOOD = """\
services: [checkout]
actions:
  deploy:
    description: Deploy a service.
    examples: [deploy checkout v43]
    effect: update
    risk: {operation: deploy}
    parameters:
      service: {type: service, description: the service}
      version: {type: version, description: the version}
      count:
        type: integer
        description: how many
        default: 1
      note:
        type: string
        description: a note
        required: false
    http:
      method: POST
      address: https://deployer.example/{service}
      headers: {Authorization: "${TOKEN}"}
      body: {version: "{version}", count: "{count}", note: "{note}"}
    undo:
      action: deploy
      arguments: {service: "{service}", version: "{result.previous}"}
  post:
    description: Say something.
    examples: [say "hello"]
    effect: create
    risk: {operation: post}
    parameters:
      text: {type: string, description: what to say}
    port: chat.post
"""


def _load(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "actions.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_the_packaged_catalogue_has_an_action_for_each_level() -> None:
    catalogue, policy = load(), load_policy()
    levels = set()
    for action in catalogue.actions.values():
        parameter = action.parameter(ENVIRONMENT)
        for environment in parameter.values if parameter else ("",):
            facts = describe(action, {ENVIRONMENT: environment} if environment else {})
            levels.add(assess([facts], policy).level)
    assert levels == set(Level)


def test_the_packaged_catalogue_is_what_the_readme_promises() -> None:
    catalogue = load()
    assert catalogue.services == ("checkout", "payments", "search", "mobile-api", "auth")
    assert {"deploy", "roll_back", "restart", "scale", "post_message"} <= set(catalogue.actions)
    for action in catalogue.actions.values():
        assert 3 <= len(action.examples) <= 6
        assert action.idempotent
        environment = action.parameter(ENVIRONMENT)
        assert environment is None or environment.default == "production"


def test_a_catalogue_of_ones_own(tmp_path: Path) -> None:
    catalogue = _load(tmp_path, GOOD)
    deploy, post = catalogue.actions["deploy"], catalogue.actions["post"]
    assert isinstance(deploy.call, HttpCall)
    assert deploy.call.timeout_seconds == 10.0
    assert not deploy.idempotent
    assert deploy.effect is Effect.UPDATE
    assert [each.required for each in deploy.parameters] == [True, True, False, False]
    assert deploy.undo is not None
    assert post.call == PortCall("chat.post")
    assert Step(1, "deploy", {}).action in catalogue.actions


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("    effect: update", "    effect: update\n    efect: update", 7, "`efect` is not known here"),
        ("    effect: update\n", "", 3, "`effect` is missing"),
        ("    effect: update", "    effect: change", 6, "`effect` should be"),
        ("    risk: {operation: deploy}", "    risk: {}", 7, "`operation` is missing"),
        ("type: version", "type: verison", 10, "`type` should be"),
        (
            "{type: version, ",
            "{pattern: v, type: version, ",
            10,
            "`pattern` is only for parameters of the type string",
        ),
        (
            "        description: a note",
            '        description: a note\n        pattern: "("',
            18,
            "`pattern` is no regular",
        ),
        ("default: 1", "default: one", 14, "`default` is not a value of `count`"),
        ("default: 1", 'default: "1"', 14, "`default` should be written as"),
        ("default: 1", "default: 1\n        minimum: 2", 14, "`default` is not a value of `count`"),
        ("default: 1", "minimum: 3\n        maximum: 2", 14, "`minimum` is greater than `maximum`"),
        ("      count:\n", "      rest:\n", 11, "cannot be called `rest`"),
        ("      count:\n", "      Count:\n", 11, "`Count`"),
        ("      count:\n", "      environment:\n", 12, "must be an enum"),
        ("type: integer", "type: enum", 11, "`count` is an enum without `values`"),
        ("method: POST", "method: post", 20, "`method` should be one of GET"),
        ("method: POST", "method: GET", 23, "a GET has no `body`"),
        ("https://deployer.example/", "https://{service}.example/", 21, "no parameter can choose the host"),
        ("https://deployer.example/", "deployer.example/", 21, "`address` should begin with"),
        ("/{service}", "/{sevrice}", 21, "{sevrice} names no parameter"),
        ("/{service}", "/{note}", 21, "{note} names no parameter that always has a value"),
        ("/{service}", "/{Service}", 21, "has braces that are no template"),
        ('"${TOKEN}"', '"${token}"', 22, "has braces that are no template"),
        ('"{version}", count', '"{versoin}", count', 23, "{versoin} names no parameter that exists"),
        ('version: "{version}"', "version: {version}", 23, "needs quotes in YAML"),
        ("      action: deploy", "      action: deplyo", 25, "`deplyo` is no action of this catalogue"),
        (
            'version: "{result.previous}"',
            'vresion: "{result.previous}"',
            26,
            "`deploy` has no parameter `vresion`",
        ),
        (', version: "{result.previous}"', "", 26, "`deploy` needs `version`"),
        ('"{result.previous}"', '"{results.previous}"', 26, "{results.previous} names no parameter"),
        ("  post:\n", "  deploy:\n", 27, "`deploy` stands there already in line 3"),
        ("    port: chat.post\n", "", 27, "`post` needs either `http` or `port`"),
        ("    port: chat.post", "    port: chat", 34, "`port`"),
        ("[deploy checkout v43]", "[]", 5, "`examples`"),
        ("[deploy checkout v43]", "[deploy 43]", 5, "is understood only in part"),
        ("[deploy checkout v43]", "[deploy checkout v43, deploy chekcout v43]", 5, "chekcout"),
        ("[deploy checkout v43]", "[deploy checkout]", 5, "needs `version`"),
        ("[deploy checkout v43]", '["deploy checkout v43, deploy checkout v44"]', 5, "as deploy and deploy"),
        ("[deploy checkout v43]", "[don't deploy checkout v43]", 5, "word it differently"),
        ('say "hello"', "deploy checkout v43", 5, "the example “deploy checkout v43” is understood"),
        ("services: [checkout]", "services: [Checkout]", 1, "`services`"),
        ("services: [checkout]", "services: checkout", 1, "`services` should be a list"),
        ("services: [checkout]", "services: [checkout", 2, "expected"),
        ("    http:\n", "    htp:\n", 19, "`htp` is not known here"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as raised:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert f"actions.yaml, line {line}: " in raised.value.sentence
    assert reason in raised.value.sentence


def test_both_a_request_and_a_port_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="either `http` or `port`"):
        _load(tmp_path, GOOD.replace("    undo:", "    port: chat.post\n    undo:", 1))


@pytest.mark.parametrize("text", ["", "actions: {}\n", "services: []\n", "- a\n", "just text\n"])
def test_an_empty_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"actions\.yaml, line 1: "):
        _load(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="QD_ACTIONS"):
        load(tmp_path / "none.yaml")


def test_two_actions_that_cannot_be_told_apart_are_found(tmp_path: Path) -> None:
    twice = yaml.safe_load(GOOD)
    twice["actions"]["deploy_again"] = {**twice["actions"]["deploy"], "examples": ["deploy checkout v44"]}
    with pytest.raises(ConfigurationError, match="word it differently"):
        _load(tmp_path, yaml.safe_dump(twice, sort_keys=False))
