"""One act of a person: its JSON body, and the refusals, each with the sentence that names the fix."""

from dataclasses import dataclass
from typing import Any

from sandbox.desk import Desk
from sandbox.view import View
from sandbox.workspace import Channel, Message, User

Answer = dict[str, Any]


class HandError(Exception):
    """The act cannot be done: an error word and a sentence that names the fix."""

    def __init__(self, error: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.error, self.detail, self.extra = error, detail, extra

    def answer(self) -> Answer:
        """Return the body of the answer."""
        return {"ok": False, "error": self.error, "detail": self.detail, **self.extra}


@dataclass(frozen=True, slots=True)
class Gesture:
    """The body of one request, and the sandbox it is made in."""

    desk: Desk
    body: dict[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """Return a string; anything else is refused."""
        value = self.body.get(name, default)
        if value is None:
            return default
        if not isinstance(value, str):
            raise HandError("invalid_arguments", f"'{name}' is not a string: send it as one.")
        return value

    def require(self, name: str) -> str:
        """Return a string that has to be there."""
        value = self.text(name)
        if not value:
            raise HandError("invalid_arguments", f"'{name}' is missing: add it to the JSON body.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number that is not negative."""
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise HandError("invalid_arguments", f"'{name}' must be a number of at least 0.")
        return float(value)

    def user(self) -> User:
        """Return who acts."""
        user = self.desk.workspace.users.get(self.require("user"))
        if user is None:
            known = ", ".join(self.desk.workspace.users)
            raise HandError("user_not_found", f"There is no such user: use one of {known}.")
        return user

    def channel(self, name: str = "channel") -> Channel:
        """Return the conversation, by id or by name."""
        channel = self.desk.workspace.find_channel(self.require(name))
        if channel is None:
            known = ", ".join(item.id for item in self.desk.workspace.channels.values())
            raise HandError("channel_not_found", f"There is no such channel: use one of {known}.")
        return channel

    def joined(self, user: User) -> Channel:
        """Return the conversation, in which `user` has to be."""
        channel = self.channel()
        if user.id not in channel.members:
            raise HandError(
                "not_in_channel", f"{user.id} is not a member of {channel.id}: act as one of its members."
            )
        if channel.is_archived:
            raise HandError("is_archived", f"{channel.id} is archived: use another channel.")
        return channel

    def message(self, channel: Channel, user: User) -> Message:
        """Return a message that `user` can see."""
        message = channel.messages.get(self.require("ts"))
        if message is None or message.ephemeral_to not in (None, user.id):
            ts = self.body["ts"]
            detail = f"{user.id} sees no message {ts} in {channel.id}: take a ts from /_sandbox/state."
            raise HandError("message_not_found", detail)
        return message

    def view(self, user: User) -> View:
        """Return a view that is open in front of `user`."""
        view = self.desk.views.find(self.require("view_id"))
        if view is None or view.user != user.id:
            detail = f"{user.id} has no such view open: take a view id from /_sandbox/state."
            raise HandError("view_not_found", detail)
        return view
