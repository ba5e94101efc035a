"""Who runs the server, and what is said when nobody can."""

import os
import pwd

import pytest

from bot.postgres.account import own_account, server_account
from domain.errors import ConfigurationError


def test_an_ordinary_user_runs_the_server_itself(monkeypatch):
    nobody = pwd.getpwnam("nobody")
    monkeypatch.setattr(os, "geteuid", lambda: nobody.pw_uid)
    account = server_account(print)
    assert account.name == "nobody"
    assert account.spawn_options() == {}


def test_a_user_id_without_a_name_is_one_sentence(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(ConfigurationError, match="User id 54321 has no name on this machine"):
        own_account()


def test_root_without_a_way_to_make_a_user_is_one_sentence(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("bot.postgres.account.SYSTEM_USER", "no-such-user")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigurationError, match="has neither useradd nor adduser"):
        server_account(print)
