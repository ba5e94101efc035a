"""Buttons that stand on messages of another version of us."""

import logging

from blocks.notice import notice
from domain.card import Content
from handlers.slack.door import Door
from handlers.slack.payloads import Click

log = logging.getLogger(__name__)


async def stale_button(door: Door, click: Click) -> Content:
    """A button that no listener knows: it stands on a message of another version."""
    log.info("A button without a listener was pressed: %s", click.action_id)
    return notice("This button is no longer in use.", "`/qd status` shows what can be done now.")
