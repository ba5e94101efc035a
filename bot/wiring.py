"""Builds the bag of ports. Vendors are named here and in their own adapters, nowhere else."""

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.supervisor import Supervisor
from domain.chat import Chat, Identity
from domain.overview import Vitals
from integrations.slack import CALL_SECONDS, SlackChat, create_client
from storage.database import Database
from storage.outbox import Outbox
from workflows.measures import Measures
from workflows.services import Nudges, Pace, Services

CONNECT_SECONDS = 3.0


def create_session() -> aiohttp.ClientSession:
    """The one HTTP session. The SDK does not set time-outs on a session it is given, so they are set here."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS)
    return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=64))


def create_chat(token: str, api_url: str, session: aiohttp.ClientSession, measures: Measures) -> SlackChat:
    """Slack, every call of it counted."""

    def observe(method: str, outcome: str, seconds: float) -> None:
        measures.slack_calls.labels(method, outcome).inc()
        measures.slack_call_seconds.labels(method).observe(seconds)

    return SlackChat(create_client(token, api_url, session), observe)


def create_app(token: str, api_url: str, session: aiohttp.ClientSession, identity: Identity) -> AsyncApp:
    """The Bolt app. We know already who we are: without this Bolt asks Slack once for each early request."""
    client = AsyncWebClient(
        base_url=api_url,
        session=session,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        ],
    )
    authorized = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team_id,
        bot_user_id=identity.user_id,
        bot_id=identity.bot_id,
        bot_token=token,
    )

    async def authorize(**_: object) -> AuthorizeResult:
        return authorized

    return AsyncApp(client=client, authorize=authorize, process_before_response=True)


def build(
    database: Database,
    owner: str,
    chat: Chat,
    measures: Measures,
    nudges: Nudges,
    vitals: Vitals,
    pace: Pace,
    supervisor: Supervisor,
) -> Services:
    """The services of this process; `owner` is its executor id."""
    return Services(
        database=database,
        outbox=Outbox(database, owner),
        chat=chat,
        measures=measures,
        nudges=nudges,
        vitals=vitals,
        pace=pace,
        spawn=supervisor.spawn,
    )
