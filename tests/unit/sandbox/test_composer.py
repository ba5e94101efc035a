import pytest

from sandbox.composer import compose, escape_command
from sandbox.identity import IdSource
from sandbox.seed import seed_workspace

WORKSPACE = seed_workspace(IdSource())


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("@Quarterdeck /status T-12", "<@U0QUARTERDECK> /status T-12"),
        ("hello @quarterdeck, look", "hello <@U0QUARTERDECK>, look"),
        ("@lead and @On-call", "<@U0LEAD> and <@U0ONCALL>"),
        ("see #ops and #nowhere", "see <#C0OPS|ops> and #nowhere"),
        ("a < b && b > c", "a &lt; b &amp;&amp; b &gt; c"),
        ("<@U0QUARTERDECK> status", "<@U0QUARTERDECK> status"),
        ("look at https://example.com/a?b=1&c=2.", "look at <https://example.com/a?b=1&amp;c=2>."),
        ("@here now", "<!here> now"),
        ("mail me@lead.example", "mail me@lead.example"),
        ("nobody @whoever", "nobody @whoever"),
    ],
)
def test_typed_words_become_what_slack_stores(typed: str, text: str) -> None:
    assert compose(WORKSPACE, typed).text == text


def test_rich_text_says_the_same_in_elements() -> None:
    [block] = compose(WORKSPACE, "@Quarterdeck see #ops").blocks("b1")
    [section] = block["elements"]
    assert [item["type"] for item in section["elements"]] == ["user", "text", "channel"]
    assert section["elements"][1]["text"] == " see "


def test_a_commands_text_keeps_names_beside_ids_where_the_manifest_escapes_it() -> None:
    assert escape_command(WORKSPACE, "give T-1 to @lead") == "give T-1 to <@U0LEAD|lead>"
