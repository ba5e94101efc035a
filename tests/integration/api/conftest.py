"""A program that calls the bot's HTTP API, and people at work in #ops."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.support.hand import Hand
from tests.support.ops import Ops
from tests.support.process import BotProcess


@dataclass
class Reply:
    """What came back: status, JSON body, headers."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of a refusal, which is always a code and a sentence."""
        assert set(self.body) == {"error", "detail"}, self.body
        assert self.body["detail"].endswith("."), self.body
        return self.status, self.body["error"]


@dataclass
class Api:
    """`await api("GET", "/approvals", user="U0LEAD")`."""

    url: str
    session: aiohttp.ClientSession

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        query = {"user": user} if user is not None and method == "GET" else None
        if isinstance(body, dict) and user is not None:
            body = {**body, "user": user}
        async with self.session.request(
            method, f"{self.url}/api/v1{path}", json=body, params=query, headers=sent, data=data
        ) as answer:
            return Reply(answer.status, await answer.json(), dict(answer.headers))

    async def approve(self, name: str, user: str, **more: Any) -> Reply:
        return await self("POST", f"/approvals/{name}", {"decision": "approve"}, user=user, **more)

    async def pending(self, user: str = "U0LEAD") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self("GET", "/approvals", user=user)).body["approvals"]
        return found


@pytest.fixture
async def api(bot: BotProcess) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(bot.url, session)


@pytest.fixture
def ops(hand: Hand, bot: BotProcess) -> Ops:
    return Ops(hand)
