"""One call of the Web API: its arguments, in whatever form they came, and the errors of Slack."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.desk import Desk
from sandbox.identity import BOT_USER_ID
from sandbox.workspace import Channel, Message, User

_TRUE = ("1", "true", "True", True, 1)
READ_SCOPES = {"channel": "channels", "group": "groups", "im": "im"}


class SlackError(Exception):
    """A refusal in Slack's words: the code, and what stands beside it in the answer."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra

    def answer(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"ok": False, "error": self.error, **self.extra}


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, and the sandbox it is made to."""

    desk: Desk
    method: str
    arguments: dict[str, Any]

    def text(self, name: str) -> str | None:
        """Return a string argument; None where it is absent or empty."""
        value = self.arguments.get(name)
        return None if value is None or value == "" else str(value)

    def require(self, name: str, error: str = "invalid_arguments") -> str:
        """Return a string argument that has to be there."""
        value = self.text(name)
        if value is None:
            messages = [f"[ERROR] missing required field: {name}"]
            raise SlackError(error, response_metadata={"messages": messages})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean argument."""
        value = self.arguments.get(name)
        return default if value is None else value in _TRUE

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number between 1 and `most`."""
        value = self.arguments.get(name)
        if value in (None, ""):
            return default
        try:
            return max(1, min(most, int(str(value))))
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def structure(self, name: str, error: str) -> Any:
        """Return an object or array argument, decoded where it came as a JSON string; None where absent."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None

    def channel(self, name: str = "channel") -> Channel:
        """Return the named conversation if the app may know of it; raises `channel_not_found`."""
        channel = self.desk.workspace.channels.get(self.require(name, "channel_not_found"))
        hidden = channel is not None and channel.kind != "channel" and BOT_USER_ID not in channel.members
        if channel is None or hidden:
            raise SlackError("channel_not_found")
        return channel

    def member_channel(self, name: str = "channel") -> Channel:
        """Return the named conversation; raises `not_in_channel` where the app is not a member."""
        channel = self.channel(name)
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def user(self, name: str = "user") -> User:
        """Return the named person; raises `user_not_found`."""
        user = self.desk.workspace.users.get(self.text(name) or "")
        if user is None:
            raise SlackError("user_not_found")
        return user

    def message(self, channel: Channel, name: str, error: str = "message_not_found") -> Message:
        """Return a message that everybody sees."""
        message = channel.messages.get(self.require(name, error))
        if message is None or message.ephemeral_to is not None:
            raise SlackError(error)
        return message

    def require_scope(self, *any_of: str) -> None:
        """Raise `missing_scope` unless the manifest grants one of these."""
        granted = self.desk.manifest.scopes
        if any_of and not any(scope in granted for scope in any_of):
            raise SlackError("missing_scope", needed=any_of[0], provided=",".join(granted))

    def require_conversation_scope(self, channel: Channel, suffix: str) -> None:
        """Raise `missing_scope` unless `<kind>:<suffix>` is granted (suffix `history`, `read`, `write`)."""
        self.require_scope(f"{READ_SCOPES[channel.kind]}:{suffix}")
