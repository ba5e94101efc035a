"""The report at the end of a task, in its thread."""

from blocks import kit, mrkdwn
from blocks.task import describe_state, step_line
from domain.card import Content
from domain.execution import TaskView


def report_card(view: TaskView) -> Content:
    """How it ended, each step with its time and what the call answered, and why where it went wrong."""
    task = view.task
    head = mrkdwn.fill("{} {}", mrkdwn.bold(task.name), describe_state(task.state))
    blocks = [kit.section(head)]
    blocks += [kit.section(step_line(step)) for step in view.steps]
    if view.note:
        blocks.append(kit.section(view.note))
    return kit.message(mrkdwn.fill("{} {}", task.name, describe_state(task.state)), blocks)
