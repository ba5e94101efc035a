"""The chat port: what we need of Slack, and how it can fail. Slack's adapter and the fake both fulfil it."""

from dataclasses import dataclass
from typing import Any, Protocol

from domain.card import Content, Place
from domain.errors import QuarterdeckError


class ChatError(QuarterdeckError):
    """Something the chat did not do."""


class ChatRefused(ChatError):
    """Refused for a reason that repeating does not change. `code` is Slack's own word for it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"Slack refused the call: {code}.{' ' + detail if detail else ''}")
        self.code = code


class ChatBusy(ChatError):
    """Asked to slow down; nothing was done. `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks us to wait {retry_after:g} s.")
        self.retry_after = retry_after


class ChatUnavailable(ChatError):
    """Weather: a time-out, a lost connection, a server error. Whether it was done is unknown."""


class ChatRevoked(ChatError):
    """Our token is no longer accepted; a person has to install the app again."""


@dataclass(frozen=True)
class Posted:
    """A message that stands in Slack. `threaded` is False for one that is at top level."""

    channel: str
    ts: str
    threaded: bool


@dataclass(frozen=True)
class ChatMessage:
    """A message read back from history."""

    channel: str
    ts: str
    thread_ts: str | None
    user: str | None
    text: str
    is_bot: bool
    subtype: str | None = None
    latest_reply: str | None = None


@dataclass(frozen=True)
class Identity:
    """Who we are in the workspace."""

    user_id: str
    bot_id: str
    team_id: str


class Chat(Protocol):
    """Every call raises a ChatError of the four kinds above, and nothing else."""

    async def identify(self) -> Identity:
        """Ask who we are (also the cheapest way to learn whether our token still works)."""
        ...

    async def open_direct(self, user: str) -> str:
        """The id of the direct-message channel with a person."""
        ...

    async def post(self, key: str, place: Place, content: Content) -> Posted:
        """Post a card's message, marked with its key. A reply whose parent is gone comes back not threaded."""
        ...

    async def update(self, key: str, channel: str, ts: str, content: Content) -> None:
        """Replace what a message of ours says."""
        ...

    async def find_posted(self, key: str, place: Place, oldest: float) -> Posted | None:
        """Look for our message with this key, not older than `oldest` (epoch seconds)."""
        ...

    async def whisper(self, place: Place, user: str, content: Content) -> None:
        """Say something that only `user` sees; it may be lost."""
        ...

    async def channels(self) -> list[str]:
        """Ids of every conversation we are part of."""
        ...

    async def history(self, channel: str, oldest: float) -> list[ChatMessage]:
        """Messages of a channel since `oldest` (epoch seconds), oldest first, thread replies not among them."""
        ...

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> list[ChatMessage]:
        """Replies in a thread since `oldest` (epoch seconds), oldest first."""
        ...

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal; the trigger lives three seconds."""
        ...

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """Replace what an open modal shows."""
        ...
