import pytest

from blocks.help import misused, one_command, overview, unknown
from domain.command import SPECS, TABLE, CommandSpec, MisusedCommand, UnknownCommand
from tests.unit.blocks.faces import HOSTILE, accept, read


def test_the_overview_names_every_command_and_what_it_does() -> None:
    content = accept(overview())

    for spec in TABLE:
        assert f"/{spec.name}" in content.text
        assert spec.summary in read(content)
        assert any(f"`{example}`" in read(content) for example in spec.examples)
    assert "/execute &lt;task&gt;" in read(content)


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
def test_one_command_is_shown_with_its_examples(spec: CommandSpec) -> None:
    content = accept(one_command(spec))

    assert spec.summary in content.text
    assert all(f"`{example}`" in read(content) for example in spec.examples)


def test_an_unknown_word_gets_the_nearest_command() -> None:
    content = accept(unknown(UnknownCommand("stauts", "status")))

    assert content.text == "I know no command `stauts`. Did you mean `/qd status`? `/qd help` lists them all."
    assert "`/qd status`" in read(content)


def test_without_a_near_one_help_is_named() -> None:
    assert accept(unknown(UnknownCommand("deploy", None))).text.endswith("`/qd help` lists what I know.")


def test_a_misused_command_says_how_it_is_written() -> None:
    content = accept(misused(MisusedCommand(SPECS["cancel"], "everything")))

    assert content.text == "`/cancel` is written like this: `/cancel T-12` For example: `/cancel T-12`"


def test_a_hostile_word_is_shown_as_text_only() -> None:
    accept(unknown(UnknownCommand(HOSTILE, None)))
    accept(unknown(UnknownCommand("<!channel>", "cancel")))
