"""A chat in memory: fulfils `domain.chat.Chat` as Slack does, with a person's side and faults to order.

It keeps Slack's rules as far as the port shows them; `tests/contract/chat` holds both to the same sentences.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from domain.card import Content, Place
from domain.chat import ChatError, ChatMessage, ChatRefused, Identity, Posted

IDENTITY = Identity(user_id="U0QUARTERDECK", bot_id="B0QUARTERDECK", team_id="T0FAKE")
PEOPLE = ("U0DEV", "U0LEAD", "U0ONCALL", "U0MANAGER")


@dataclass(frozen=True)
class Said:
    """A message as everybody sees it. `key` marks one of the bot's; `ts` is epoch seconds with six decimals."""

    ts: str
    user: str
    content: Content
    thread_ts: str | None = None
    key: str | None = None
    is_bot: bool = False
    subtype: str | None = None


@dataclass
class Room:
    """A channel: whether the bot is in it, whether it is archived, its messages by ts, oldest first."""

    member: bool = True
    archived: bool = False
    messages: dict[str, Said] = field(default_factory=dict)

    def replies(self, thread_ts: str) -> list[Said]:
        """Replies of a thread, also of one whose first message is gone."""
        return [each for each in self.messages.values() if each.thread_ts == thread_ts]


@dataclass
class Fault:
    """`times` calls of `operation` (a method of the port, `*` for all) raise `error`; with `after` each of them is
    done nevertheless, and only its answer is lost.
    """

    operation: str
    error: ChatError
    times: int
    after: bool

    def matches(self, operation: str) -> bool:
        """Whether this call is to fail."""
        return self.times > 0 and self.operation in {"*", operation}


class FakeChat:
    """Starts with `channels` that the bot is in, `strange` ones that it is not in, and direct messages."""

    def __init__(self, channels: Iterable[str] = ("C0OPS",), strange: Iterable[str] = ("C0RANDOM",)) -> None:
        self.rooms = {channel: Room() for channel in channels}
        self.rooms |= {channel: Room(member=False) for channel in strange}
        self.whispers: list[tuple[Place, str, Content]] = []
        self.views: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self._triggers: set[str] = set()
        self._faults: list[Fault] = []
        self._last_micros = 0

    # The person's side

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        *,
        at: float | None = None,
        is_bot: bool = False,
        subtype: str | None = None,
    ) -> str:
        """Somebody says something, now or at an earlier time `at` (epoch seconds). Returns its ts."""
        thread = self._find_thread(self.rooms[channel], thread_ts)
        ts = self._stamp() if at is None else f"{at:.6f}"
        said = Said(ts, user, Content(text), thread, is_bot=is_bot, subtype=subtype)
        self._put(self.rooms[channel], said)
        return ts

    def delete(self, channel: str, ts: str) -> None:
        """A person deletes a message; replies to it stay."""
        del self.rooms[channel].messages[ts]

    def invite(self, channel: str) -> None:
        """Make the bot a member; an unknown channel comes into being."""
        self.rooms.setdefault(channel, Room()).member = True

    def remove(self, channel: str) -> None:
        """Take the bot out of a channel."""
        self.rooms[channel].member = False

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self.rooms[channel].archived = True

    def trigger(self) -> str:
        """The id of a click that may open one form."""
        trigger_id = f"trigger-{self._stamp()}"
        self._triggers.add(trigger_id)
        return trigger_id

    def shown(self, channel: str) -> list[Said]:
        """What stands in a channel, replies included, oldest first."""
        return list(self.rooms[channel].messages.values())

    def fail(self, operation: str, error: ChatError, *, times: int = 1, after: bool = False) -> None:
        """Order a fault: see `Fault`."""
        self._faults.append(Fault(operation, error, times, after))

    def heal(self) -> None:
        """Forget the faults that are still ordered."""
        self._faults.clear()

    # The port

    async def identify(self) -> Identity:
        with self._call("identify"):
            return IDENTITY

    async def open_direct(self, user: str) -> str:
        with self._call("open_direct"):
            if user not in PEOPLE:
                raise ChatRefused("cannot_dm_bot" if user == IDENTITY.user_id else "user_not_found")
            channel = f"D{user[1:]}"
            self.rooms.setdefault(channel, Room())
            return channel

    async def post(self, key: str, place: Place, content: Content) -> Posted:
        with self._call("post"):
            room = self._open_room(place.channel)
            thread = self._find_thread(room, place.thread_ts)
            said = Said(self._stamp(), IDENTITY.user_id, content, thread, key, is_bot=True)
            self._put(room, said)
            return Posted(place.channel, said.ts, threaded=thread is not None)

    async def update(self, key: str, channel: str, ts: str, content: Content) -> None:
        with self._call("update"):
            room = self._joined_room(channel)
            said = room.messages.get(ts)
            if said is None:
                raise ChatRefused("message_not_found")
            if said.user != IDENTITY.user_id:
                raise ChatRefused("cant_update_message")
            room.messages[ts] = replace(said, content=content, key=key)

    async def find_posted(self, key: str, place: Place, oldest: float) -> Posted | None:
        with self._call("find_posted"):
            room = self._joined_room(place.channel)
            found = [each for each in room.messages.values() if each.key == key and float(each.ts) > oldest]
            seen = [each for each in found if each.thread_ts in {None, place.thread_ts}]
            return Posted(place.channel, seen[0].ts, seen[0].thread_ts is not None) if seen else None

    async def whisper(self, place: Place, user: str, content: Content) -> None:
        with self._call("whisper"):
            self._open_room(place.channel)
            self.whispers.append((place, user, content))

    async def channels(self) -> list[str]:
        with self._call("channels"):
            return [channel for channel, room in self.rooms.items() if room.member and not room.archived]

    async def history(self, channel: str, oldest: float) -> list[ChatMessage]:
        with self._call("history"):
            room = self._joined_room(channel)
            top = [each for each in room.messages.values() if each.thread_ts is None]
            return [_read(channel, room, each) for each in top if float(each.ts) > oldest]

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> list[ChatMessage]:
        with self._call("replies"):
            room = self._joined_room(channel)
            return [_read(channel, room, each) for each in room.replies(thread_ts) if float(each.ts) > oldest]

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        with self._call("open_view"):
            if trigger_id not in self._triggers:
                raise ChatRefused("invalid_trigger_id")
            self._triggers.remove(trigger_id)
            self.views.append({**view, "id": f"V{len(self.views) + 1}"})

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        with self._call("update_view"):
            if view_id not in {each.get("id") for each in self.views}:
                raise ChatRefused("not_found")
            self.views = [
                {**view, "id": view_id} if each.get("id") == view_id else each for each in self.views
            ]

    # How it is done

    def _call(self, operation: str) -> "_Call":
        self.calls.append(operation)
        fault = next((each for each in self._faults if each.matches(operation)), None)
        if fault is not None:
            fault.times -= 1
            if not fault.after:
                raise fault.error
        return _Call(fault)

    def _joined_room(self, channel: str) -> Room:
        room = self.rooms.get(channel)
        if room is None:
            raise ChatRefused("channel_not_found")
        if not room.member:
            raise ChatRefused("not_in_channel")
        return room

    def _open_room(self, channel: str) -> Room:
        room = self._joined_room(channel)
        if room.archived:
            raise ChatRefused("is_archived")
        return room

    def _find_thread(self, room: Room, thread_ts: str | None) -> str | None:
        """The thread to reply in; None where its first message is gone: the reply then stands at top level."""
        parent = room.messages.get(thread_ts) if thread_ts else None
        return None if parent is None else parent.thread_ts or parent.ts

    def _put(self, room: Room, said: Said) -> None:
        room.messages[said.ts] = said
        room.messages = dict(sorted(room.messages.items(), key=lambda item: float(item[0])))

    def _stamp(self) -> str:
        self._last_micros = max(time.time_ns() // 1000, self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"


class _Call:
    """One call; where only its answer is lost, the error comes once it is done."""

    def __init__(self, fault: Fault | None) -> None:
        self._fault = fault

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._fault is not None and kind is None:
            raise self._fault.error


def _read(channel: str, room: Room, said: Said) -> ChatMessage:
    replies = room.replies(said.ts)
    return ChatMessage(
        channel=channel,
        ts=said.ts,
        thread_ts=said.thread_ts or (said.ts if replies else None),
        user=said.user,
        text=said.content.text,
        is_bot=said.is_bot,
        subtype=said.subtype,
        latest_reply=replies[-1].ts if replies else None,
    )
