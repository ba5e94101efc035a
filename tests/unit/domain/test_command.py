"""The one grammar: what a person types, in the four ways a command comes in, and what is read of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.command import (
    SPECS,
    TABLE,
    Chat,
    Command,
    MisusedCommand,
    Reading,
    UnknownCommand,
    nearest_command,
    read_chat,
    read_slash,
    task_number,
)
from tests.unit.blocks.texts import texts

ACTING = {"execute", "cancel"}


def seen(reading: Reading | Chat) -> tuple[str | None, ...]:
    """A reading as one short row."""
    match reading:
        case Command(name, argument):
            return (name, argument)
        case UnknownCommand(word, nearest):
            return ("unknown", word, nearest)
        case MisusedCommand(spec, argument):
            return ("misused", spec.name, argument)
        case Chat(text):
            return ("chat", text)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        # Slash commands of their own.
        ("execute", "roll back checkout to v41", ("execute", "roll back checkout to v41")),
        ("execute", "  two\nlines  ", ("execute", "two\nlines")),
        ("execute", "", ("execute", "")),
        ("execute", "status", ("execute", "status")),
        ("status", "", ("status", "")),
        ("status", " T-12 ", ("status", "T-12")),
        ("status", "of checkout", ("misused", "status", "of checkout")),
        ("cancel", "T-12", ("cancel", "T-12")),
        ("cancel", "12", ("cancel", "12")),
        ("cancel", "", ("misused", "cancel", "")),
        ("cancel", "everything", ("misused", "cancel", "everything")),
        ("cancel", "T-12 T-13", ("misused", "cancel", "T-12 T-13")),
        ("help", "", ("help", "")),
        ("help", "execute", ("help", "execute")),
        ("help", "/Execute", ("help", "/Execute")),
        ("help", "me", ("misused", "help", "me")),
        # Behind /qd, or behind whatever name an organisation gave it.
        ("qd", "", ("help", "")),
        ("qd", "   ", ("help", "")),
        ("qd", "status", ("status", "")),
        ("qd", "/status T-12", ("status", "T-12")),
        ("qd", "STATUS t-12", ("status", "t-12")),
        ("qd", "status\u00a0T-12", ("status", "T-12")),
        ("qd", "status?", ("status", "")),
        ("qd", "execute roll back checkout", ("execute", "roll back checkout")),
        ("deck", "cancel #12", ("cancel", "#12")),
        ("qd", "stauts", ("unknown", "stauts", "status")),
        ("qd", "cancle T-12", ("unknown", "cancle", "cancel")),
        ("qd", "roll back checkout", ("unknown", "roll", None)),
        ("qd", "///", ("unknown", "//", None)),
        ("qd", "?", ("unknown", "?", None)),
    ],
)
def test_a_slash_command_is_read(name: str, text: str, expected: tuple[str | None, ...]) -> None:
    assert seen(read_slash(name, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A word of the table, alone or with what its usage takes.
        ("status", ("status", "")),
        ("Status?", ("status", "")),
        ("  help!  ", ("help", "")),
        ("status T-12", ("status", "T-12")),
        ("cancel T-12.", ("cancel", "T-12.")),
        ("cancel\nT-12", ("cancel", "T-12")),
        ("execute roll back checkout to v41", ("execute", "roll back checkout to v41")),
        ("help execute", ("help", "execute")),
        # With the slash that a person knows from the slash commands.
        ("/status", ("status", "")),
        ("/qd status T-12", ("status", "T-12")),
        ("/qd /status", ("status", "")),
        ("/qd", ("help", "")),
        ("/status of checkout", ("misused", "status", "of checkout")),
        ("/stauts", ("unknown", "stauts", "status")),
        ("/deploy checkout", ("unknown", "deploy", None)),
        ("/qd qd", ("unknown", "qd", None)),
        # A slip of the pen.
        ("stauts", ("unknown", "stauts", "status")),
        ("stauts T-12", ("unknown", "stauts", "status")),
        ("cancle T-12", ("unknown", "cancle", "cancel")),
        ("exceute", ("unknown", "exceute", "execute")),
        # A command's word without what it needs.
        ("cancel", ("misused", "cancel", "")),
        ("execute", ("execute", "")),
        # Talk.
        ("status of checkout?", ("chat", "status of checkout?")),
        ("cancel the meeting", ("chat", "cancel the meeting")),
        ("help me understand this alert", ("chat", "help me understand this alert")),
        ("executed the rollback yesterday", ("chat", "executed the rollback yesterday")),
        ("stauts of checkout", ("chat", "stauts of checkout")),
        ("hello", ("chat", "hello")),
        ("please execute order 66", ("chat", "please execute order 66")),
        ("who is on call?", ("chat", "who is on call?")),
        ("", ("chat", "")),
        (" \n\t ", ("chat", "")),
        ("/", ("chat", "/")),
        # Texts that only look like something.
        ("\u202estatus", ("unknown", "\u202estatus", "status")),
        ("st\u0430tus", ("unknown", "st\u0430tus", "status")),
        ("\u0645\u0631\u062d\u0628\u0627 status", ("chat", "\u0645\u0631\u062d\u0628\u0627 status")),
        ("status T-\u0661\u0662", ("status", "T-\u0661\u0662")),
        ("\u200b", ("chat", "\u200b")),
        ("status\x07", ("unknown", "status\x07", "status")),
        ("👩‍👩‍👧‍👦", ("chat", "👩‍👩‍👧‍👦")),
    ],
)
def test_what_is_said_to_the_bot_is_read(text: str, expected: tuple[str | None, ...]) -> None:
    assert seen(read_chat(text)) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("T-12", 12), ("t12", 12), ("#12", 12), ("12", 12), (" T-0012 ", 12), ("T-12?", 12)),
        *(("T--12", None), ("T 12", None), ("-12", None), ("T-", None), ("", None), ("T-12a", None)),
        *(("12.5", None), ("T-" + "9" * 16, None), ("²", None), ("T-12 T-13", None)),
    ],
)
def test_a_task_is_named_in_several_ways(text: str, number: int | None) -> None:
    assert task_number(text) == number


def test_every_command_takes_its_own_examples_in_every_way() -> None:
    for spec in TABLE:
        for shown in spec.examples:
            shown = shown.replace("@someone", "<@U0LEAD>")  # noqa: PLW2901 - as Slack hands it over
            name, _, argument = shown.removeprefix("/qd ").removeprefix("/").partition(" ")
            assert name == spec.name
            assert shown.startswith(spec.call)
            for reading in (read_slash(name, argument), read_slash("qd", shown), read_chat(shown)):
                assert seen(reading) == (name, argument)


@pytest.mark.parametrize(("word", "nearest"), [("stat", "status"), ("HLEP", "help"), ("excute", "execute")])
def test_the_nearest_command_is_named(word: str, nearest: str) -> None:
    assert nearest_command(word) == nearest


def test_nothing_is_named_where_nothing_is_near() -> None:
    assert nearest_command("deploy") is None
    assert nearest_command("") is None


@given(texts, st.sampled_from(["qd", "deck", *SPECS]))
def test_a_slash_command_never_fails_to_read(text: str, name: str) -> None:
    reading = read_slash(name, text)
    if isinstance(reading, Command) and reading.name == "cancel":
        assert task_number(reading.argument) is not None


@given(texts)
@example("/")
@example("…")
def test_only_its_own_word_makes_a_command_act(text: str) -> None:
    """Talk has no effect: nothing becomes `execute` or `cancel` whose first word is not that."""
    reading = read_chat(text)
    if isinstance(reading, Command) and reading.name in ACTING:
        words = text.lower().replace("/qd", " ", 1).split()
        assert words[0].strip("/.,;:!?…") == reading.name
    if isinstance(reading, Chat):
        assert reading.text == text.strip()
