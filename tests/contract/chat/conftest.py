"""Two stages for one suite: the fake in memory, and Slack's adapter over a sandbox on a real socket."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import pytest

from domain.chat import Chat, ChatBusy, ChatRevoked, ChatUnavailable
from integrations.fakes.chat import FakeChat
from integrations.slack import SlackChat, create_client
from sandbox.server import serve
from tests.support.hand import Hand, key_of

PATIENCE_SECONDS = 0.4
METHODS = {
    "identify": "auth.test",
    "open_direct": "conversations.open",
    "post": "chat.postMessage",
    "update": "chat.update",
    "history": "conversations.history",
    "replies": "conversations.replies",
    "channels": "users.conversations",
    "whisper": "chat.postEphemeral",
}


@dataclass(frozen=True)
class Shown:
    """What a person sees of a message."""

    ts: str
    thread_ts: str | None
    text: str
    blocks: list[Any]
    key: str | None


class Stage(Protocol):
    """A chat, the people in it, and its weather. `operation` is a method of the port."""

    chat: Chat

    async def say(self, text: str, thread_ts: str | None = None) -> str: ...

    async def delete(self, ts: str) -> None: ...

    async def shown(self, channel: str = "C0OPS") -> list[Shown]: ...

    async def archive(self) -> None: ...

    async def be_busy(self, operation: str, retry_after: int) -> None: ...

    async def break_down(self, operation: str) -> None: ...

    async def lose_answer(self, operation: str) -> None: ...

    async def be_slow(self, operation: str) -> None: ...

    async def revoke(self, operation: str) -> None: ...


class FakeStage:
    def __init__(self) -> None:
        self.fake = FakeChat()
        self.chat: Chat = self.fake

    async def say(self, text: str, thread_ts: str | None = None) -> str:
        return self.fake.say("C0OPS", "U0DEV", text, thread_ts)

    async def delete(self, ts: str) -> None:
        self.fake.delete("C0OPS", ts)

    async def shown(self, channel: str = "C0OPS") -> list[Shown]:
        return [
            Shown(each.ts, each.thread_ts, each.content.text, each.content.blocks, each.key)
            for each in self.fake.shown(channel)
        ]

    async def archive(self) -> None:
        self.fake.archive("C0OPS")

    async def be_busy(self, operation: str, retry_after: int) -> None:
        self.fake.fail(operation, ChatBusy(retry_after))

    async def break_down(self, operation: str) -> None:
        self.fake.fail(operation, ChatUnavailable("Slack answered internal_error."))

    async def lose_answer(self, operation: str) -> None:
        self.fake.fail(operation, ChatUnavailable("The answer was lost."), after=True)

    async def be_slow(self, operation: str) -> None:
        self.fake.fail(operation, ChatUnavailable("Slack did not answer in time."), after=True)

    async def revoke(self, operation: str) -> None:
        self.fake.fail(operation, ChatRevoked("Slack no longer accepts our token."))


class SlackStage:
    def __init__(self, chat: SlackChat, hand: Hand) -> None:
        self.chat: Chat = chat
        self.hand = hand

    async def say(self, text: str, thread_ts: str | None = None) -> str:
        return await self.hand.say(text, thread_ts=thread_ts)

    async def delete(self, ts: str) -> None:
        answer = await self.hand("delete", user="U0LEAD", channel="C0OPS", ts=ts)
        assert answer["ok"], answer

    async def shown(self, channel: str = "C0OPS") -> list[Shown]:
        public = [each for each in await self.hand.messages(channel) if each["ephemeral_to"] is None]
        return [Shown(m["ts"], _thread(m), m["text"], _drawn(m["blocks"]), key_of(m)) for m in public]

    async def archive(self) -> None:
        await self.hand("archive", user="U0DEV", channel="C0OPS")

    async def be_busy(self, operation: str, retry_after: int) -> None:
        await self.hand("faults", rate_limit={"method": METHODS[operation], "retry_after": retry_after})

    async def break_down(self, operation: str) -> None:
        await self.hand("faults", fail={"method": METHODS[operation], "status": 500})

    async def lose_answer(self, operation: str) -> None:
        await self.hand("faults", fail={"method": METHODS[operation], "status": 502, "after": True})

    async def be_slow(self, operation: str) -> None:
        await self.hand("faults", api_latency_ms=PATIENCE_SECONDS * 2_000)

    async def revoke(self, operation: str) -> None:
        await self.hand("faults", fail={"method": METHODS[operation], "error": "token_revoked"})


def _thread(message: dict[str, Any]) -> str | None:
    return message["thread_ts"] if message["thread_ts"] != message["ts"] else None


def _drawn(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks without the ids that Slack invents."""
    return [{name: value for name, value in block.items() if name != "block_id"} for block in blocks]


@asynccontextmanager
async def slack_stage() -> AsyncIterator[SlackStage]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with (
        serve(0) as sandbox,
        aiohttp.ClientSession() as session,
        aiohttp.ClientSession(timeout=timeout) as ours,
    ):
        client = create_client("xoxb-sandbox", sandbox.api_url, ours)
        stage = SlackStage(SlackChat(client, lambda *_: None), Hand(sandbox.url, session))
        await stage.hand("limits", scale=0)
        yield stage
        await stage.hand("faults", clear=True)


@pytest.fixture(params=["fake", "slack"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    async with slack_stage() as found:
        yield found


@pytest.fixture
def long_ago() -> float:
    """Epoch seconds before anything in the test was said."""
    return time.time() - 60
