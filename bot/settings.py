"""Settings: read once from the environment and `.env`, and the only place that does."""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import ConfigurationError

SANDBOX_BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - accepted against loopback only
SANDBOX_APP_TOKEN = "xapp-sandbox"  # noqa: S105 - accepted against loopback only


# Before the host, or as an argument. (urlsplit finds none where one holds a slash, and fails on a bad port.)
_PASSWORD = re.compile(r"(?<=:)[^/:@][^@]*(?=@)|(?<=[?&]password=)[^&]+")


def _split(pairs: str) -> list[str]:
    return pairs.replace(",", " ").split()


def _env(name: str) -> AliasChoices:
    return AliasChoices(name)


class Settings(BaseSettings):
    """One field for each variable; `.env.example` says what each is for (a test holds the two together)."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: SecretStr | None = Field(None, validation_alias=_env("DATABASE_URL"))
    slack_bot_token: SecretStr | None = Field(None, validation_alias=_env("SLACK_BOT_TOKEN"))
    slack_app_token: SecretStr | None = Field(None, validation_alias=_env("SLACK_APP_TOKEN"))
    slack_api_url: str = Field("https://slack.com/api/", validation_alias=_env("SLACK_API_URL"))
    data_dir: Path = Field(Path(".quarterdeck"), validation_alias=_env("QD_DATA_DIR"))
    http_host: str = Field("127.0.0.1", validation_alias=_env("QD_HTTP_HOST"))
    http_port: int = Field(8080, ge=0, le=65535, validation_alias=_env("QD_HTTP_PORT"))
    sandbox_port: int = Field(8765, ge=0, le=65535, validation_alias=_env("QD_SANDBOX_PORT"))
    channel_interval: float = Field(1.0, ge=0, validation_alias=_env("QD_SLACK_CHANNEL_INTERVAL_SECONDS"))
    command_names: str = Field("", validation_alias=_env("QD_COMMAND_NAMES"))
    actions: Path | None = Field(None, validation_alias=_env("QD_ACTIONS"))
    policy: Path | None = Field(None, validation_alias=_env("QD_POLICY"))
    config: Path | None = Field(None, validation_alias=_env("QD_CONFIG"))
    approval_ttl_seconds: int | None = Field(None, gt=0, validation_alias=_env("QD_APPROVAL_TTL_SECONDS"))
    api_token: SecretStr | None = Field(None, validation_alias=_env("QD_API_TOKEN"))
    deployer_url: str | None = Field(None, validation_alias=_env("QD_DEPLOYER_URL"))
    deployer_token: SecretStr | None = Field(None, validation_alias=_env("QD_DEPLOYER_TOKEN"))
    log_format: Literal["auto", "text", "json"] = Field("auto", validation_alias=_env("QD_LOG_FORMAT"))
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias=_env("QD_LOG_LEVEL")
    )

    @field_validator("slack_api_url")
    @classmethod
    def _end_with_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("an http or https address is expected, such as https://slack.com/api/")
        return value.rstrip("/") + "/"

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"postgres(ql)?(\+\w+)?://", value.get_secret_value()):
            raise ValueError("a PostgreSQL address is expected, such as postgresql://user@host/quarterdeck")
        return value

    @field_validator("command_names")
    @classmethod
    def _check_names(cls, value: str) -> str:
        if not all(re.fullmatch(r"\w+=/?[^\s=/]+", pair) for pair in _split(value)):
            raise ValueError("pairs of our name and yours are expected, such as execute=/run,cancel=/stop")
        return value

    @field_validator("api_token")
    @classmethod
    def _check_tokens(cls, value: SecretStr | None) -> SecretStr | None:
        pairs = _split(value.get_secret_value()) if value is not None else []
        if not all(re.fullmatch(r".+:[UW][A-Z0-9]{2,20}", pair) for pair in pairs):
            raise ValueError(
                "pairs of a token and a Slack member id are expected, such as <token>:U012ABCDEF"
            )
        if len({pair.rpartition(":")[0] for pair in pairs}) < len(pairs):
            raise ValueError("one token stands there twice: each needs a person of its own")
        return value

    @property
    def api_tokens(self) -> dict[str, str]:
        """Who calls the HTTP API, by token: Slack user ids."""
        pairs = _split(self.api_token.get_secret_value()) if self.api_token is not None else []
        return {token: person for token, _, person in (pair.rpartition(":") for pair in pairs)}

    @property
    def command_table(self) -> dict[str, str]:
        """Our command names to the configured ones with their slash, as in {"execute": "/run"}."""
        pairs = [pair.partition("=") for pair in _split(self.command_names)]
        return {ours: f"/{theirs.lstrip('/')}" for ours, _, theirs in pairs}

    @property
    def has_slack(self) -> bool:
        """Whether the tokens of a real Slack are set."""
        return self.slack_bot_token is not None and self.slack_app_token is not None

    def environment(self) -> dict[str, str]:
        """Every variable that is set, `.env` included: what a catalogue may name as `${NAME}`."""
        return {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value}

    def secrets(self) -> list[str]:
        """Every secret value that must never be in a log."""
        fields = [getattr(self, name) for name in type(self).model_fields]
        values = [field.get_secret_value() for field in fields if isinstance(field, SecretStr)]
        values += self.api_tokens
        address = self.database_url.get_secret_value() if self.database_url else ""
        for password in _PASSWORD.findall(address):
            values += [password, unquote(password), quote(unquote(password), safe="")]
        return [value for value in values if value and not value.endswith("-sandbox")]


def load(**overrides: object) -> Settings:
    """Read the settings; `overrides` (those that are not None) come from the command line.

    Raises ConfigurationError naming the variable and what it takes, never its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from None
    except (UnicodeDecodeError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"The file .env cannot be read ({reason}): mend or remove it.") from None
    half = (settings.slack_bot_token is None) != (settings.slack_app_token is None)
    if half:
        missing = "SLACK_BOT_TOKEN" if settings.slack_bot_token is None else "SLACK_APP_TOKEN"
        raise ConfigurationError(f"Only one of the two Slack tokens is set: set {missing} too, or neither.")
    return settings


def _explain(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_context=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else "The configuration"
    if name in Settings.model_fields:  # given on the command line
        name = "--" + name.replace("_", "-")
    return f"{name} is not usable: {problem['msg'].removeprefix('Value error, ')}."


def is_loopback(address: str) -> bool:
    """Whether a URL leads to this machine only."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
