"""The state of the workspace: people, channels, messages.

The body of a message is Slack's own message object; it is replaced, never mutated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.identity import BOT_USER_ID, IdSource

MESSAGES_PER_CHANNEL = 10_000

Body = dict[str, Any]


@dataclass(slots=True)
class User:
    """A person or a bot. `name` is the handle that an @mention uses."""

    id: str
    name: str
    real_name: str
    title: str = ""
    is_bot: bool = False
    bot_id: str | None = None


@dataclass(slots=True)
class Message:
    """One message; `ephemeral_to` is the only person who sees it, and history never shows it."""

    channel: str
    body: Body
    ephemeral_to: str | None = None
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def ts(self) -> str:
        """The timestamp, which is also the id within the channel."""
        return str(self.body["ts"])

    @property
    def thread_ts(self) -> str | None:
        """The timestamp of the thread's first message, if it belongs to a thread."""
        return self.body.get("thread_ts")

    @property
    def is_reply(self) -> bool:
        """Whether it stands below another message and not in the channel itself."""
        thread_ts = self.body.get("thread_ts")
        return thread_ts is not None and thread_ts != self.body["ts"]


@dataclass(slots=True)
class Channel:
    """A channel or a direct message. Messages are in order of their timestamps, replies included."""

    id: str
    name: str
    members: list[str]
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    creator: str = BOT_USER_ID
    created: int = 1_700_000_000
    topic: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, list[str]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`channel`, `group` (private) or `im`: the word that events call `channel_type`."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    @property
    def other(self) -> str:
        """The person at the other end of a direct message with the bot."""
        return next((member for member in self.members if member != BOT_USER_ID), BOT_USER_ID)

    def timeline(self) -> Iterator[Message]:
        """Yield what stands in the channel itself, newest first: no plain replies, nothing ephemeral."""
        for message in reversed(self.messages.values()):
            broadcast = message.body.get("subtype") == "thread_broadcast"
            if message.ephemeral_to is None and (broadcast or not message.is_reply):
                yield message


class Workspace:
    """Everything that Slack would keep, in memory and bounded."""

    def __init__(self, ids: IdSource) -> None:
        self.ids = ids
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, dict[str, Any]] = {}
        self.files: dict[str, tuple[dict[str, Any], bytes]] = {}

    def find_message(self, channel_id: str, ts: str) -> Message | None:
        """Return the message, or None."""
        channel = self.channels.get(channel_id)
        return None if channel is None else channel.messages.get(ts)

    def find_channel(self, name_or_id: str) -> Channel | None:
        """Return the channel with this id, or with this name with or without `#`."""
        if name_or_id in self.channels:
            return self.channels[name_or_id]
        name = name_or_id.removeprefix("#")
        return next((item for item in self.channels.values() if item.name == name and not item.is_im), None)

    def open_direct(self, user: User) -> Channel:
        """Return the direct message between the bot and `user`, made at its first use."""
        channel_id = "D0" + user.id.removeprefix("U0")
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(channel_id, "", [user.id, BOT_USER_ID], is_im=True)
        return self.channels[channel_id]

    def add_message(self, channel: Channel, message: Message) -> None:
        """Put a message at the end of its channel, and count it at its thread's first message."""
        channel.messages[message.ts] = message
        if message.is_reply and message.ephemeral_to is None:
            self._count_reply(channel, message)
        if len(channel.messages) > MESSAGES_PER_CHANNEL:
            self._forget(channel, next(iter(channel.messages)))

    def remove_message(self, channel: Channel, message: Message) -> None:
        """Take a message out; what stood below it stays, as orphans of a thread."""
        channel.messages.pop(message.ts, None)
        thread_ts = message.thread_ts
        if message.is_reply and thread_ts in channel.replies:
            replies = channel.replies[thread_ts]
            if message.ts in replies:
                replies.remove(message.ts)
            self._refresh_root(channel, thread_ts)

    def _count_reply(self, channel: Channel, message: Message) -> None:
        thread_ts = str(message.thread_ts)
        channel.replies.setdefault(thread_ts, []).append(message.ts)
        self._refresh_root(channel, thread_ts)

    def _refresh_root(self, channel: Channel, thread_ts: str) -> None:
        root = channel.messages.get(thread_ts)
        if root is None:
            return
        replies = channel.replies.get(thread_ts, [])
        body = {key: value for key, value in root.body.items() if key not in _THREAD_FIELDS}
        if replies:
            users = list(dict.fromkeys(channel.messages[ts].body.get("user") for ts in replies[-50:]))
            body |= {
                "thread_ts": thread_ts,
                "reply_count": len(replies),
                "reply_users": users[:5],
                "reply_users_count": len(users),
                "latest_reply": replies[-1],
                "is_locked": False,
                "subscribed": False,
            }
        root.body = body

    def _forget(self, channel: Channel, ts: str) -> None:
        message = channel.messages.pop(ts)
        channel.replies.pop(ts, None)
        replies = channel.replies.get(message.thread_ts or "")
        if replies and ts in replies:
            replies.remove(ts)


_THREAD_FIELDS = frozenset(
    (
        "thread_ts",
        "reply_count",
        "reply_users",
        "reply_users_count",
        "latest_reply",
        "is_locked",
        "subscribed",
    )
)
