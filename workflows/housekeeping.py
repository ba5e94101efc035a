"""What has to be tidied up from time to time."""

import asyncio

from storage import inbox
from workflows.services import Services

PERIOD_SECONDS = 600.0


async def run(services: Services) -> None:
    """Forget the keys of events that no sender repeats any more, for ever."""
    while True:
        async with services.database.unit_of_work() as session:
            await inbox.prune(session)
        await asyncio.sleep(PERIOD_SECONDS)
