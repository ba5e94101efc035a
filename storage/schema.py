"""Every table of the house, in one place: importing this registers them all with the metadata."""

from storage.audit import audit, person
from storage.card import card
from storage.inbox import inbound_event, presence
from storage.outbox import lane
from storage.task import task

TABLES = (audit, person, card, lane, inbound_event, presence, task)
