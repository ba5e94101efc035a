"""A person's hand on the sandbox, as the page and scripts have it."""

from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass
class Hand:
    """`await hand("say", user=…, channel=…, text=…)` is `POST /_sandbox/say`."""

    url: str
    session: aiohttp.ClientSession

    async def __call__(self, act: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/_sandbox/{act}", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def command(self, text: str, user: str = "U0DEV", channel: str = "C0OPS") -> dict[str, Any]:
        """Send a slash command as a person types it."""
        word, _, rest = text.partition(" ")
        return await self("command", user=user, channel=channel, command=word, text=rest)

    async def say(
        self, text: str, user: str = "U0DEV", channel: str = "C0OPS", thread_ts: str | None = None
    ) -> str:
        """Say something; returns its ts."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        answer = await self("say", user=user, channel=channel, text=text, **more)
        assert answer["ok"], answer
        ts: str = answer["ts"]
        return ts

    async def state(self) -> dict[str, Any]:
        """Everything that stands in the workspace."""
        async with self.session.get(f"{self.url}/_sandbox/state") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def log(self) -> list[dict[str, Any]]:
        """Every Web API call and envelope so far."""
        async with self.session.get(f"{self.url}/_sandbox/log") as answer:
            found: list[dict[str, Any]] = (await answer.json())["entries"]
            return found

    async def messages(self, channel: str = "C0OPS") -> list[dict[str, Any]]:
        """The messages of a channel, oldest first, replies and ephemerals included."""
        state = await self.state()
        return next(each["messages"] for each in state["channels"] if each["id"] == channel)

    async def cards(self, channel: str | None = None) -> list[dict[str, Any]]:
        """The messages that carry a card's key, in one channel or in all."""
        state = await self.state()
        found = [
            message
            for each in state["channels"]
            if channel in {None, each["id"]}
            for message in each["messages"]
        ]
        return [message for message in found if key_of(message)]


def key_of(message: dict[str, Any]) -> str | None:
    """The key of the card that a message shows."""
    metadata = message.get("metadata") or {}
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key


def text_of(message: dict[str, Any]) -> str:
    """Everything a person reads in a message."""
    parts = [message.get("text") or ""]
    _collect(message.get("blocks") or [], parts)
    return "\n".join(parts)


def _collect(value: Any, parts: list[str]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            parts.append(value["text"])
        for each in value.values():
            _collect(each, parts)
    elif isinstance(value, list):
        for each in value:
            _collect(each, parts)
