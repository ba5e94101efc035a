"""Every table of the house, in one place: importing this registers them all with the metadata."""

from storage.approval import approval, decision, delegation
from storage.audit import audit, person
from storage.card import card
from storage.choice import choice
from storage.inbox import inbound_event, presence
from storage.outbox import lane
from storage.step import step
from storage.task import task

TABLES = (
    approval,
    audit,
    card,
    choice,
    decision,
    delegation,
    inbound_event,
    lane,
    person,
    presence,
    step,
    task,
)
