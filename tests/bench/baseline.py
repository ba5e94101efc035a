"""The baseline: a bare Bolt app with our flags, which inserts one row and posts one message for each command."""

import asyncio
import os
import sys

import aiohttp
import asyncpg
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

AUTHORIZED = AuthorizeResult(
    enterprise_id=None, team_id="T0SANDBOX", bot_user_id="U0QUARTERDECK", bot_id="B0"
)


async def main(api_url: str, database_url: str) -> None:
    """Serve until killed."""
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=9)
    await pool.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, body text)")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8)) as session:
        client = AsyncWebClient(token="xoxb-sandbox", base_url=api_url, session=session)

        async def authorize(**_: object) -> AuthorizeResult:
            return AUTHORIZED

        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)
        posting: set[asyncio.Task[object]] = set()

        @app.command("/execute")
        async def execute(ack, command):  # type: ignore[no-untyped-def]
            await pool.execute("INSERT INTO bare (body) VALUES ($1)", command["text"])
            post = asyncio.create_task(
                client.chat_postMessage(channel=command["channel_id"], text=command["text"])
            )
            posting.add(post)
            post.add_done_callback(posting.discard)
            await ack(text="accepted")

        for _ in range(2):
            await AsyncSocketModeHandler(app, "xapp-sandbox").connect_async()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    os.environ.pop("SLACK_BOT_TOKEN", None)
    asyncio.run(main(sys.argv[1], sys.argv[2]))
