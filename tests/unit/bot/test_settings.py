"""Settings as people give them: the environment, `.env`, options; and what they hear when one is wrong."""

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices

from bot.settings import Settings, is_loopback, load
from domain.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[3] / ".env.example"
NAMES = [
    str(field.validation_alias.choices[0])
    for field in Settings.model_fields.values()
    if isinstance(field.validation_alias, AliasChoices)
]


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without `.env`, and an environment without our variables."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def refused(**options: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(**options)
    return caught.value.sentence


def test_nothing_has_to_be_set() -> None:
    settings = load()

    assert settings.http_port == 8080
    assert settings.sandbox_port == 8765
    assert settings.data_dir == Path(".quarterdeck")
    assert not settings.has_slack


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_place / ".env").write_text(
        "QD_HTTP_PORT=1\nQD_SANDBOX_PORT=2\nQD_LOG_LEVEL='DEBUG'\n# no\nOTHER=x\n"
    )
    monkeypatch.setenv("QD_HTTP_PORT", "10")
    monkeypatch.setenv("QD_SANDBOX_PORT", "20")

    settings = load(http_port=100, sandbox_port=None)

    assert (settings.http_port, settings.sandbox_port, settings.log_level) == (100, 20, "DEBUG")


def test_a_variable_that_is_empty_is_not_set(empty_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_place / ".env").write_text("SLACK_BOT_TOKEN=\nDATABASE_URL=\n")
    monkeypatch.setenv("SLACK_APP_TOKEN", "")

    assert not load().has_slack
    assert load().database_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QD_HTTP_PORT", "hunter22"),
        ("QD_HTTP_PORT", "70022"),
        ("QD_SANDBOX_PORT", "-22"),
        ("QD_SLACK_CHANNEL_INTERVAL_SECONDS", "-22"),
        ("QD_LOG_FORMAT", "hunter22"),
        ("QD_LOG_LEVEL", "hunter22"),
        ("SLACK_API_URL", "hunter22"),
        ("DATABASE_URL", "mysql://quarterdeck:hunter22@db/x"),
        ("DATABASE_URL", "hunter22"),
        ("QD_COMMAND_NAMES", "hunter22"),
        ("QD_API_TOKEN", "hunter22"),
        ("QD_API_TOKEN", ":U012ABCDEF hunter22"),
        ("QD_API_TOKEN", "hunter22:alice"),
        ("QD_API_TOKEN", "hunter22:U012ABCDEF,hunter22:U034ABCDEF"),
        ("QD_COMMAND_NAMES", "execute=/run hunter22"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    sentence = refused()

    assert sentence.startswith(f"{name} is not usable: ")
    assert sentence.endswith(".")
    assert "22" not in sentence
    assert "\n" not in sentence


def test_a_wrong_option_is_named_as_it_was_given() -> None:
    assert refused(http_port=70_022).startswith("--http-port is not usable: ")


@pytest.mark.parametrize(
    ("given", "missing"), [("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN")]
)
def test_half_of_the_tokens_is_told_with_the_other_half(
    given: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(given, "hunter22")

    assert f"set {missing} too" in refused()
    assert "hunter22" not in refused()


def test_a_file_that_cannot_be_read_is_told(empty_place: Path) -> None:
    (empty_place / ".env").write_bytes(b"QD_HTTP_PORT=\xff\xfe")
    assert refused() == "The file .env cannot be read (it is not UTF-8 text): mend or remove it."


def test_no_secret_is_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hunter22")
    monkeypatch.setenv("SLACK_APP_TOKEN", "hunter22")
    monkeypatch.setenv("DATABASE_URL", "postgresql://quarterdeck:hunter22@db/x")

    assert "hunter22" not in repr(load())
    assert "hunter22" not in load().model_dump_json()


@pytest.mark.parametrize(
    ("address", "passwords"),
    [
        ("postgresql://u:hunter22@db/x", {"hunter22"}),
        ("postgresql+asyncpg://u:hunter22@db/x", {"hunter22"}),
        ("postgresql://u:hun%40ter@db/x", {"hun%40ter", "hun@ter"}),
        ("postgresql://u:hun/ter#2?2@db/x", {"hun/ter#2?2"}),
        ("postgresql://u:hun:ter@db/x", {"hun:ter"}),
        ("postgresql:///x?host=/run&password=hunter22&user=u", {"hunter22"}),
        ("postgresql://u@db/x", set()),
        ("postgresql://u:@db/x", set()),
        ("postgresql://u:hunter22@[bad/x", {"hunter22"}),
    ],
)
def test_the_password_of_the_database_is_a_secret_in_every_spelling(
    address: str, passwords: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)

    found = set(load().secrets())

    assert {address, *passwords} <= found
    assert passwords or found == {address}


def test_the_tokens_are_secrets_except_the_sandboxs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hunter22")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-sandbox")

    assert load().secrets() == ["hunter22"]


def test_every_secret_setting_is_kept_from_the_logs() -> None:
    values = {name: f"postgresql://{name}-hidden/x" for name, field in Settings.model_fields.items()
              if "SecretStr" in str(field.annotation)}  # fmt: skip
    values["api_token"] = "api-hidden:U012ABCDEF"

    assert set(load(**values).secrets()) >= set(values.values())


def test_tokens_of_the_api_lead_to_people_and_stay_out_of_the_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QD_API_TOKEN", "hunter22:U012ABCDEF, with:colon:W034ABCDEF")

    assert load().api_tokens == {"hunter22": "U012ABCDEF", "with:colon": "W034ABCDEF"}
    assert {"hunter22", "with:colon"} <= set(load().secrets())

    monkeypatch.delenv("QD_API_TOKEN")
    assert load().api_tokens == {}


@pytest.mark.parametrize(
    ("given", "table"),
    [
        ("", {}),
        ("execute=/run", {"execute": "/run"}),
        ("execute=run, cancel=/stop", {"execute": "/run", "cancel": "/stop"}),
        (" qd=/deck\texecute=/qd-execute ", {"qd": "/deck", "execute": "/qd-execute"}),
    ],
)
def test_commands_can_have_other_names(
    given: str, table: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QD_COMMAND_NAMES", given)
    assert load().command_table == table


def test_the_address_of_slack_ends_with_a_slash() -> None:
    assert load(slack_api_url="http://127.0.0.1:1/api").slack_api_url == "http://127.0.0.1:1/api/"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *(("http://127.0.0.1:8765/api/", True), ("http://localhost/api/", True), ("http://[::1]/", True)),
        *(
            ("https://slack.com/api/", False),
            ("http://10.0.0.1/", False),
            ("http://127.0.0.1.evil.example/", False),
        ),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_the_example_names_every_variable_with_its_default_and_a_word_on_it() -> None:
    text = EXAMPLE.read_text("utf-8")
    written = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))

    assert set(written) == set(NAMES)
    assert len(NAMES) == len(Settings.model_fields)
    # Uncommented as it stands, the file changes nothing.
    for field in Settings.model_fields.values():
        assert isinstance(field.validation_alias, AliasChoices)
        default = "" if field.default is None else str(field.default)
        assert written[str(field.validation_alias.choices[0])] == default
    for paragraph in text.split("\n\n"):
        assert paragraph.startswith("# ")
        assert not re.match(r"# [A-Z_]+=", paragraph), f"nothing says what this is for:\n{paragraph}"


def test_a_copy_of_the_example_changes_nothing(empty_place: Path) -> None:
    before = load()
    text = EXAMPLE.read_text("utf-8")
    (empty_place / ".env").write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE), "utf-8")

    assert load() == before
