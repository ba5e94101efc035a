"""Builds the bag of ports. Vendors are named here and in their own adapters, nowhere else."""

from dataclasses import dataclass

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from agents.planner import RulesPlanner
from bot.catalogue import load as load_catalogue
from bot.configuration import load as load_configuration
from bot.policy import load as load_policy
from bot.sandbox_process import Desk
from bot.settings import Settings
from bot.supervisor import Supervisor
from domain.action import Catalogue
from domain.chat import Chat, Identity
from domain.directory import Directory
from domain.overview import Vitals
from domain.plan import Planner
from domain.risk import Policy
from domain.runner import ActionRunner
from integrations.directory import ConfiguredDirectory
from integrations.http_action import HttpActions
from integrations.slack import CALL_SECONDS, SlackChat, create_client
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

    # Bolt takes a message of ours that a person deletes for an event of our own and would keep it from us; our real
    # ones are passed over by `handlers.slack.payloads`.
    return AsyncApp(
        client=client,
        authorize=authorize,
        process_before_response=True,
        ignoring_self_events_enabled=False,
    )


@dataclass(frozen=True)
class House:
    """What the configuration says: what can be done here, how risky it is, and who is who."""

    catalogue: Catalogue
    policy: Policy
    planner: Planner
    directory: Directory
    runner: ActionRunner


def load_house(settings: Settings, desk: Desk, chat: SlackChat) -> House:
    """Read the configuration's files. Raises ConfigurationError with file, line and reason."""
    catalogue = load_catalogue(settings.actions)
    configured = load_configuration(settings.config, sandbox=desk.page is not None)
    return House(
        catalogue=catalogue,
        policy=load_policy(settings.policy, settings.approval_ttl_seconds),
        planner=RulesPlanner(catalogue),
        directory=ConfiguredDirectory(configured.roles, chat),
        runner=HttpActions(_names(settings, desk)),
    )


def _names(settings: Settings, desk: Desk) -> dict[str, str]:
    """What `${NAME}` stands for in the catalogue: the environment, and the sandbox's deployer where that is used."""
    deployer = {}
    if desk.page is not None:
        deployer = {
            "QD_DEPLOYER_URL": f"{desk.page}/_world/deployer",
            "QD_DEPLOYER_TOKEN": "sandbox-deployer",
        }
    return {**deployer, **settings.environment()}


def build(
    house: House,
    outbox: Outbox,
    chat: Chat,
    measures: Measures,
    nudges: Nudges,
    vitals: Vitals,
    pace: Pace,
    supervisor: Supervisor,
) -> Services:
    """The services of this process."""
    return Services(
        database=outbox.database,
        outbox=outbox,
        chat=chat,
        measures=measures,
        nudges=nudges,
        vitals=vitals,
        pace=pace,
        spawn=supervisor.spawn,
        catalogue=house.catalogue,
        planner=house.planner,
        policy=house.policy,
        directory=house.directory,
        runner=house.runner,
    )
