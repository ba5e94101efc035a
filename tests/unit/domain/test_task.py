from domain.task import TaskState, card_key, task_name

ENDS = {"done", "failed", "compensated", "cancelled", "rejected", "expired", "in_doubt"}
UNDER_WAY = {"planning", "needs_input", "awaiting_approval", "running", "cancelling", "compensating"}


def test_the_states_are_those_of_the_contract() -> None:
    assert {state.value for state in TaskState} == ENDS | UNDER_WAY


def test_a_task_has_ended_in_exactly_the_ends() -> None:
    assert {state.value for state in TaskState if state.ended} == ENDS


def test_only_what_does_nothing_right_now_is_cancelled_at_once() -> None:
    assert {state.value for state in TaskState if state.waiting} == {
        "planning",
        "needs_input",
        "awaiting_approval",
    }


def test_a_task_is_named_by_its_number_and_has_one_card() -> None:
    assert task_name(12) == "T-12"
    assert card_key(12) == "task:12"
