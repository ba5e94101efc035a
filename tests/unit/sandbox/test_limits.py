import pytest

from sandbox import limits
from sandbox.limits import Limits, Tier


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: time[0])
    return time


def test_one_post_a_second_in_a_channel_passes_forever(now: list[float]) -> None:
    bucket = Limits()
    for _ in range(200):
        assert bucket.take("chat.postMessage", Tier.POST, "C1") is None
        now[0] += 1.0


def test_a_burst_of_posts_is_cut_after_a_few_and_other_channels_are_not_touched(now: list[float]) -> None:
    bucket = Limits()
    passed = sum(bucket.take("chat.postMessage", Tier.POST, "C1") is None for _ in range(20))
    assert passed == 5
    assert bucket.take("chat.postMessage", Tier.POST, "C1") == 1
    assert bucket.take("chat.postMessage", Tier.POST, "C2") is None


def test_retry_after_says_how_long_a_slow_tier_needs(now: list[float]) -> None:
    bucket = Limits()
    while (wait := bucket.take("conversations.list", Tier.T2)) is None:
        pass
    assert wait == 3
    now[0] += wait
    assert bucket.take("conversations.list", Tier.T2) is None


def test_scale_multiplies_and_nought_turns_off(now: list[float]) -> None:
    bucket = Limits()
    bucket.set_scale(3)
    assert sum(bucket.take("chat.postMessage", Tier.POST, "C1") is None for _ in range(20)) == 15
    bucket.set_scale(0)
    assert all(bucket.take("chat.postMessage", Tier.POST, "C1") is None for _ in range(1000))
