"""The locks that tell who uses a server and who is the last."""

import pytest

from bot.postgres.lock import FileLock, claim
from domain.errors import ConfigurationError


def test_many_share_and_only_the_last_gets_it_alone(tmp_path):
    users = [FileLock(tmp_path / "users") for _ in range(3)]
    assert all(user.take(exclusive=False) for user in users)
    assert [user.take(exclusive=True) for user in users] == [False, False, True]
    assert not FileLock(tmp_path / "users").take(exclusive=False)
    users[-1].close()
    assert FileLock(tmp_path / "users").take(exclusive=False)


async def test_a_long_wait_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr("bot.postgres.lock._PATIENCE", 0.05)
    holder, waiter, told = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock"), []

    def tell() -> None:
        told.append("waiting")
        holder.close()

    assert holder.take(exclusive=True)
    await waiter.wait(exclusive=True, on_delay=tell)
    assert told == ["waiting"]


def test_a_claim_ends_with_its_block(tmp_path):
    with claim(tmp_path / "data"), pytest.raises(ConfigurationError, match="already runs on"):
        claim(tmp_path / "data")
    with claim(tmp_path / "data"):
        pass


def test_a_lock_is_not_followed_to_another_file(tmp_path):
    (tmp_path / "precious").touch()
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigurationError, match="Could not lock the data folder"):
        FileLock(tmp_path / "lock")
