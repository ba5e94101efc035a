"""Which folders are taken, closed or refused."""

import stat

import pytest

from bot.postgres.account import own_account
from bot.postgres.folder import Home, find_home, forget_socket_folder, prepare_data_folder, socket_folder
from domain.errors import ConfigurationError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_made_closed_and_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = prepare_data_folder(tmp_path.__class__("deep/data"))
    assert folder == tmp_path / "deep" / "data"
    assert mode(folder) == 0o700


def test_our_own_folder_is_closed_again(tmp_path):
    (tmp_path / "up.lock").touch()
    (tmp_path / "settings.json").touch()
    tmp_path.chmod(0o755)
    prepare_data_folder(tmp_path)
    assert mode(tmp_path) == 0o700


def test_the_root_of_a_new_volume_counts_as_empty(tmp_path):
    (tmp_path / "lost+found").mkdir()
    tmp_path.chmod(0o755)
    prepare_data_folder(tmp_path)
    assert mode(tmp_path) == 0o700


def test_a_folder_in_use_by_something_else_stays_as_it_is(tmp_path):
    (tmp_path / "thesis.txt").touch()
    tmp_path.chmod(0o750)
    with pytest.raises(ConfigurationError, match=f"run `chmod 700 {tmp_path}`"):
        prepare_data_folder(tmp_path)
    assert mode(tmp_path) == 0o750


@pytest.mark.parametrize("name", ["long" * 25, "a,b", "a:b", "a b", "a'b", "ä"])
def test_a_path_that_no_socket_or_address_takes_is_replaced_by_a_short_one(tmp_path, name):
    home = Home(tmp_path / name, own_account())
    home.path.mkdir()
    short = socket_folder(home)
    assert not short.is_relative_to(tmp_path)
    assert len(str(short)) < 85
    assert mode(short) == 0o700
    assert socket_folder(home) == short
    short.rmdir()
    assert socket_folder(home) == short
    forget_socket_folder(home)
    assert not short.exists()


def test_a_recorded_folder_that_is_open_is_not_used_again(tmp_path):
    home = Home(tmp_path / ("long" * 25), own_account())
    home.path.mkdir()
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o755)
    home.socket_record.write_text(f"{trap}\n")
    assert socket_folder(home) != trap
    forget_socket_folder(home)
    assert trap.exists()


def test_an_ordinary_user_has_the_database_in_the_data_folder(tmp_path):
    home = find_home(tmp_path, own_account(), tmp_path / "system")
    assert home.path == tmp_path / "postgres"
    assert mode(home.path) == 0o700
