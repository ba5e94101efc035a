import re

from blocks.ids import Action


def test_every_action_id_is_a_noun_and_a_verb() -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", action) for action in Action)


def test_the_ids_of_the_contract_are_there() -> None:
    assert set(Action) >= {
        *("approval.approve", "approval.reject", "task.cancel", "choice.pick"),
        *("incident.take", "incident.resolve", "incident.escalate", "incident.postmortem"),
    }
