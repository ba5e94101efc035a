"""The manifest against Slack's schema, against Slack's unwritten rules, and against what the product does."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

import manifests
from bot.manifest import BUILT_IN, as_yaml, render
from handlers.slack.table import COMMANDS, EVENTS

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT.parent / "shared/data/slack/manifest.schema.2.0.0.json"
PRODUCT = ["bot", "handlers", "integrations", "scheduler", "workflows"]
NAMES = ["slack", "sandbox"]

# What each scope is for, in Slack's own words: the events, methods and features that need it.
READ_AGAIN = {"conversations.history", "conversations.replies"}
NEEDED_BY: dict[str, set[str]] = {
    "app_mentions:read": {"app_mention"},
    "assistant:write": {"features.agent_view"},
    "channels:history": {"message.channels"} | READ_AGAIN,
    "channels:read": {"member_joined_channel", "users.conversations"},
    "chat:write": {"chat.postMessage", "chat.update", "chat.postEphemeral"},
    "commands": {"features.slash_commands"},
    "groups:history": {"message.groups"} | READ_AGAIN,
    "groups:read": {"member_joined_channel", "users.conversations"},
    "im:history": {"message.im"} | READ_AGAIN,
    "im:read": {"users.conversations"},
    "im:write": {"conversations.open"},
    "usergroups:read": {"usergroups.users.list"},
}
# What listing conversations of a kind needs (users.conversations).
LISTED = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
# These need no scope of the bot's.
FREE_METHODS = {"apps.connections.open", "auth.test", "views.open", "views.update"}


@pytest.mark.parametrize("name", NAMES)
def test_slacks_published_schema_accepts_it(name: str) -> None:
    if not SCHEMA.is_file():
        pytest.skip(f"Slack's manifest schema is not at {SCHEMA.name} in ../shared/data/slack")
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(render(name))


def test_no_command_is_one_that_slack_keeps_for_itself() -> None:
    assert commands(render("slack")) == {"/execute", "/cancel", "/qd"}
    assert not {name.removeprefix("/") for name in commands(render("slack"))} & BUILT_IN
    assert {"status", "help"} <= BUILT_IN


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_name_that_slack_takes_and_says_what_it_does(name: str) -> None:
    for command in render(name)["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9-]{1,31}", command["command"])
        assert command["description"]
        assert "url" not in command


def test_the_sandbox_adds_two_commands_and_nothing_else() -> None:
    slack, sandbox = render("slack"), render("sandbox")

    assert commands(sandbox) - commands(slack) == {"/help", "/status"}
    kept = [each for each in sandbox["features"]["slash_commands"] if each["command"] in commands(slack)]
    assert kept == slack["features"]["slash_commands"]
    sandbox["features"]["slash_commands"] = slack["features"]["slash_commands"]
    assert sandbox == slack
    assert reasons("sandbox") == reasons("slack")


def test_it_is_an_agent_over_socket_mode_that_people_can_write_to() -> None:
    features, settings = render()["features"], render()["settings"]

    assert features["bot_user"]["display_name"] == "Quarterdeck"
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False
    assert "assistant_view" not in features
    assert 0 < len(features["agent_view"]["agent_description"]) <= 300
    assert 0 < len(features["agent_view"]["suggested_prompts"]) <= 4
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert not [event for event in settings["event_subscriptions"]["bot_events"] if "assistant" in event]


def test_a_scope_is_asked_for_exactly_where_something_needs_it() -> None:
    document = render()
    features = {f"features.{name}" for name in document["features"]}
    events = set(document["settings"]["event_subscriptions"]["bot_events"])
    needing = set().union(*NEEDED_BY.values())

    assert document["oauth_config"]["scopes"] == {"bot": sorted(NEEDED_BY)}
    assert {each for each in needing if each.startswith("features.")} <= features
    assert events == {each for each in needing if is_event(each)}


@pytest.mark.parametrize("name", NAMES)
def test_every_scope_says_what_needs_it(name: str) -> None:
    for scope, reason in reasons(name).items():
        named = set(re.findall(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+|app_mention\b|member_joined_channel", reason))
        assert named == NEEDED_BY[scope]


def test_the_product_calls_what_the_scopes_are_for_and_nothing_else() -> None:
    methods = {each for each in set().union(*NEEDED_BY.values()) if not is_event(each)}
    expected = {each for each in methods if not each.startswith("features.")} | FREE_METHODS

    # Bolt asks for the address of the socket and for auth.test itself.
    assert called_methods() | {"apps.connections.open", "auth.test"} == expected


def test_the_product_lists_only_conversations_that_it_may_see() -> None:
    source = (ROOT / "integrations/slack.py").read_text("utf-8")
    listed = {kind for found in re.findall(r'types="([a-z_,]+)"', source) for kind in found.split(",")}

    assert {LISTED[kind] for kind in listed} == {
        scope for scope, needed in NEEDED_BY.items() if "users.conversations" in needed
    }


def test_everything_that_slack_delivers_has_a_listener() -> None:
    events = {name.partition(".")[0] for name in render()["settings"]["event_subscriptions"]["bot_events"]}

    assert set(EVENTS) == events
    assert {f"/{name}" for name in COMMANDS} == commands(render("sandbox"))


def test_the_guide_explains_every_scope_in_the_words_of_the_manifest() -> None:
    guide = (ROOT / "docs/slack-app.md").read_text("utf-8")
    _, _, table = guide.partition("## Scopes\n")
    rows = dict(re.findall(r"^\| `(.+)` \| (.+) \|$", table.partition("\n## ")[0], re.MULTILINE))

    assert rows == reasons("slack")


def test_an_organisation_can_choose_the_names_of_its_commands() -> None:
    document = render(commands={"execute": "/qd-execute", "cancel": "/qd-cancel"})

    assert commands(document) == {"/qd-execute", "/qd-cancel", "/qd"}
    assert render(commands={"execute": "/execute"}) == render()
    assert yaml.safe_load(as_yaml(commands={"qd": "/deck"})) == render(commands={"qd": "/deck"})
    assert "# Open a direct message" in as_yaml()


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"execute": "/status"}, "built into Slack"),
        ({"execute": "/run_it"}, "no command name that Slack accepts"),
        ({"execute": "run"}, "no command name that Slack accepts"),
        ({"execute": "/" + "x" * 32}, "no command name that Slack accepts"),
        ({"execute": "/run\n    - command: /status"}, "no command name that Slack accepts"),
        ({"execute": "/qd"}, "Two commands cannot both be /qd"),
        ({"run": "/run"}, "the manifest declares execute, cancel, qd"),
    ],
)
def test_a_name_that_slack_would_refuse_is_told_with_its_fix(chosen: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        render(commands=chosen)


def test_on_the_sandbox_status_and_help_stay() -> None:
    assert commands(render("sandbox", {"execute": "/run"})) == {"/run", "/cancel", "/help", "/status", "/qd"}


def commands(document: dict[str, Any]) -> set[str]:
    return {each["command"] for each in document["features"]["slash_commands"]}


def is_event(name: str) -> bool:
    return "." not in name or name.startswith("message.")


def reasons(name: str) -> dict[str, str]:
    """The comment above each scope, on one line."""
    _, _, rest = manifests.read(name).partition("    bot:\n")
    section, _, _ = rest.partition("\n\n")
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in map(str.strip, section.splitlines()):
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        else:
            found[line.removeprefix("- ")] = " ".join(comment)
            comment = []
    return found


def called_methods() -> set[str]:
    """Web API methods that the source names, as `client.chat_update(…)` or `api_call("chat.update")`."""
    api = {name for name in dir(AsyncWebClient) if "_" in name and not name.startswith(("_", "api_"))}
    return {
        name.replace("_", ".", 2 if name.startswith(("apps_", "usergroups_")) else 1)
        for folder in PRODUCT
        for file in (ROOT / folder).rglob("*.py")
        for name in named(ast.parse(file.read_text("utf-8")))
        if name in api
    }


def named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value.replace(".", "_")
