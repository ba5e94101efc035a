"""What "ready" promises to whoever waits for it."""

from bot import app
from bot.settings import load
from storage.database import address


async def test_ready_means_that_the_engine_is_known_to_run(sandbox_url: str, database_url: str) -> None:
    settings = load(
        http_port=0,
        sandbox_port=int(sandbox_url.rsplit(":", 1)[1]),
        database_url=address(database_url, "postgresql"),
    )
    async with app.run(settings, sandbox=True, scenario=None) as bot:
        assert bot.services.vitals.slack() == "connected"
        assert bot.services.vitals.engine() in {"running", "recovering"}
