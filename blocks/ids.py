"""Action ids: what a button or a menu asks for, as `noun.verb`. Its value is the id of what it acts on."""

from enum import StrEnum


class Action(StrEnum):
    APPROVAL_APPROVE = "approval.approve"
    APPROVAL_REJECT = "approval.reject"
    TASK_CANCEL = "task.cancel"
    TASK_RUN = "task.run"
    FORM_ACTION = "form.action"
    TASK_UNDO = "task.undo"
    INCIDENT_TAKE = "incident.take"
    INCIDENT_RESOLVE = "incident.resolve"
    INCIDENT_ESCALATE = "incident.escalate"
    INCIDENT_POSTMORTEM = "incident.postmortem"
    CHOICE_PICK = "choice.pick"
