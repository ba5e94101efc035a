from hypothesis import HealthCheck, given, settings

from blocks.conversation import greeting, missed_command, no_answer, task_hint
from tests.unit.blocks.faces import HOSTILE, accept, read
from tests.unit.blocks.texts import texts


def test_a_greeting_says_what_one_can_ask() -> None:
    content = accept(greeting())

    assert content.text.startswith("Here I am.")
    assert "`/qd status`" in read(content)


def test_work_is_handed_back_as_the_command_that_does_it() -> None:
    content = accept(task_hint("roll back\ncheckout to v41"))

    assert "nothing was started" in content.text
    assert "`/execute roll back checkout to v41`" in content.text
    assert "`/execute roll back checkout to v41`" in read(content)


def test_a_question_without_a_rule_gets_an_honest_answer() -> None:
    assert "no model is connected" in accept(no_answer()).text


def test_a_command_that_came_too_late_is_not_started_and_says_so() -> None:
    content = accept(missed_command("/execute roll back checkout"))

    assert "did not start it" in content.text
    assert "`/execute roll back checkout`" in read(content)


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60
)
@given(texts)
def test_any_text_is_repeated_as_text_only(text: str) -> None:
    accept(task_hint(text))
    accept(missed_command(text))


def test_hostile_text_is_repeated_as_text_only() -> None:
    accept(task_hint(HOSTILE))
    accept(missed_command(HOSTILE))
