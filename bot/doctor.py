"""`quarterdeck doctor`: looks at everything that a start needs, changes nothing, and names each fix."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import manifest, wiring
from bot.check import Check
from bot.database import explain, reach
from bot.house_check import examine_house
from bot.sandbox_process import refuse_sandbox_tokens
from bot.settings import Settings
from domain.errors import ConfigurationError, QuarterdeckError
from storage.database import UNAVAILABLE, create_engine
from storage.migrations import runner
from storage.migrations.runner import OLDEST_POSTGRES, Schema

OLDEST_PYTHON = (3, 11)
_UNREACHABLE = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
_FIXES = {
    "missing_scope": "install the app again with the manifest that `quarterdeck manifest` prints",
    "not_allowed_token_type": "the two tokens are swapped: the bot's begins with xoxb-, the app's with xapp-",
    "ratelimited": "ask again in a minute",
}


async def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which one would mend things."""
    return [
        check_python(sys.version_info[:3]),
        await _examine_database(settings),
        check_manifest(settings.command_table),
        *examine_house(settings),
        *await _examine_slack(settings),
        Check("Model", "no model is set: the rules answer"),
    ]


def check_python(version: tuple[int, ...]) -> Check:
    """Whether Python is new enough."""
    fix = None if version >= OLDEST_PYTHON else "install Python 3.11 or newer and run `make install`"
    return Check("Python", ".".join(map(str, version)), fix)


def check_manifest(commands: Mapping[str, str]) -> Check:
    """Whether Slack would take the names that the commands have here."""
    try:
        declared = manifest.render("slack", commands)["features"]["slash_commands"]
    except ValueError as error:
        return Check("Manifest", "QD_COMMAND_NAMES is not usable", str(error).rstrip("."))
    return Check("Manifest", "commands " + ", ".join(each["command"] for each in declared))


async def _examine_database(settings: Settings) -> Check:
    if settings.database_url is None and _is_new(settings.data_dir):
        return Check("Database", f"none yet: `quarterdeck up` makes one in {settings.data_dir}")
    try:
        async with reach(settings) as url:
            engine = create_engine(url)
            try:
                schema = await runner.read(engine)
            finally:
                await engine.dispose()
    except UNAVAILABLE as error:
        return Check(
            "Database", f"it does not answer ({explain(error)})", "check DATABASE_URL and its server"
        )
    except QuarterdeckError as error:
        return Check("Database", "it cannot be used", error.sentence.rstrip("."))
    return check_schema(schema, runner.head(), runner.known())


def _is_new(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False  # whoever opens it says what hinders it


def check_schema(schema: Schema, head: str, known: Iterable[str]) -> Check:
    """Whether the server is new enough and the schema is this code's."""
    found = f"PostgreSQL {schema.version // 10_000}.{schema.version % 10_000}, schema {schema.revision or 'empty'}"
    fix = None
    if schema.version < OLDEST_POSTGRES:
        fix = "point DATABASE_URL at PostgreSQL 15 or newer"
    elif schema.revision is not None and schema.revision not in set(known):
        fix = "a newer Quarterdeck used it: start that version, or point DATABASE_URL at another database"
    elif schema.revision != head:
        fix = "run `quarterdeck migrate` (`quarterdeck up` does it too)"
    return Check("Database", found, fix)


async def _examine_slack(settings: Settings) -> list[Check]:
    if settings.slack_bot_token is None or settings.slack_app_token is None:
        return [Check("Slack", "no tokens are set: `quarterdeck up` uses the sandbox")]
    bot, app = settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
    try:
        refuse_sandbox_tokens(bot, settings.slack_api_url)
    except ConfigurationError as error:
        return [Check("Slack", "SLACK_BOT_TOKEN is the sandbox's", error.sentence.rstrip("."))]
    async with wiring.create_session() as session:
        client = AsyncWebClient(
            token=bot, base_url=settings.slack_api_url, session=session, retry_handlers=[]
        )
        return [*await _examine_bot_token(client), await _examine_app_token(client, app)]


async def _examine_bot_token(client: AsyncWebClient) -> list[Check]:
    try:
        answer = await client.auth_test()
    except _UNREACHABLE as error:
        return [_refusal("Slack", "SLACK_BOT_TOKEN", error)]
    needed = manifest.render()["oauth_config"]["scopes"]["bot"]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return [
        Check("Slack", f"{answer['user']} in {answer['team']}"),
        check_scopes(headers.get("x-oauth-scopes"), needed),
        await _examine_channels(client),
    ]


def check_scopes(granted: str | None, needed: Iterable[str]) -> Check:
    """Whether the token may do what we need; `granted` is Slack's header."""
    if granted is None:
        return Check("Scopes", "Slack does not say which the bot has")
    missing = sorted(set(needed) - set(granted.replace(" ", "").split(",")))
    if missing:
        return Check("Scopes", f"{', '.join(missing)} missing", _FIXES["missing_scope"])
    return Check("Scopes", "all that are needed")


async def _examine_channels(client: AsyncWebClient) -> Check:
    try:
        answer = await client.users_conversations(types="public_channel,private_channel", limit=200)
    except _UNREACHABLE as error:
        return _refusal("Channels", "SLACK_BOT_TOKEN", error)
    return check_channels([f"#{each['name']}" for each in answer["channels"]])


def check_channels(names: list[str]) -> Check:
    """Whether the bot was invited anywhere."""
    if not names:
        return Check("Channels", "the bot is in none", "write `/invite @Quarterdeck` where it should work")
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return Check("Channels", ", ".join(names[:10]) + more)


async def _examine_app_token(client: AsyncWebClient, token: str) -> Check:
    try:
        await client.apps_connections_open(app_token=token)
    except _UNREACHABLE as error:
        return _refusal("Socket", "SLACK_APP_TOKEN", error)
    return Check("Socket", "Slack lets us connect")


def _refusal(subject: str, variable: str, error: Exception) -> Check:
    if not isinstance(error, SlackApiError):
        found = f"Slack cannot be reached ({type(error).__name__})"
        return Check(subject, found, "check the network and SLACK_API_URL")
    answer = error.response.data
    if not isinstance(answer, dict):
        found = f"something that is not Slack answers (HTTP status {error.response.status_code})"
        return Check(subject, found, "set SLACK_API_URL to https://slack.com/api/, or leave it out")
    code = str(answer.get("error"))
    if code == "missing_scope" and variable == "SLACK_APP_TOKEN":
        return Check(
            subject, f"Slack answers {code}", f"make {variable} anew with the scope connections:write"
        )
    return Check(
        subject, f"Slack answers {code}", _FIXES.get(code, f"copy {variable} again from the app's page")
    )
