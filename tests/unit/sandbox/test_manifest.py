from pathlib import Path

import pytest

from sandbox.manifest import ManifestError, default_manifest, load_manifest, parse_manifest


def test_the_packaged_manifest_declares_the_commands_of_the_product() -> None:
    assert {"/execute", "/cancel", "/qd", "/status", "/help"} <= load_manifest().commands


def test_scopes_commands_shortcuts_events_and_the_home_tab_are_read() -> None:
    manifest = parse_manifest(
        """
        features:
          app_home: {home_tab_enabled: true}
          slash_commands: [{command: /a, should_escape: true}, {command: /b}]
          shortcuts: [{callback_id: incident.open, type: message}]
        oauth_config: {scopes: {bot: [chat:write, commands]}}
        settings: {event_subscriptions: {bot_events: [app_mention]}}
        """,
        "x.yaml",
    )
    assert manifest.commands == {"/a", "/b"}
    assert manifest.escaped_commands == {"/a"}
    assert manifest.shortcuts == {"incident.open": "message"}
    assert manifest.scopes == ("chat:write", "commands")
    assert manifest.events == {"app_mention"}
    assert manifest.home_tab


def test_the_defaults_stand_in_where_there_is_no_manifest() -> None:
    assert "/execute" in default_manifest().commands


def test_a_manifest_that_is_not_there_or_not_one_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="--manifest"):
        load_manifest(str(tmp_path / "none.yaml"))
    for text in ("- a list", "a: [unclosed"):
        with pytest.raises(ManifestError, match=r"x\.yaml"):
            parse_manifest(text, "x.yaml")
