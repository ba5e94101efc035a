"""Slack as our chat: the adapter of `domain.chat.Chat` over the Web API."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from domain.card import METADATA_EVENT_TYPE, Content, Place
from domain.chat import (
    ChatBusy,
    ChatMessage,
    ChatRefused,
    ChatRevoked,
    ChatUnavailable,
    Identity,
    Posted,
)

CALL_SECONDS = 8.0
VIEW_SECONDS = 1.0
BUSY_SECONDS = 30.0
"""How long to wait where Slack does not say for how long."""
PAGE = 200
MOST_PAGES = 10

_REVOKED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_WEATHER = frozenset(
    {
        "server_error",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
_LOST_THREAD = frozenset({"thread_not_found", "message_not_found"})

Observe = Callable[[str, str, float], None]
"""Told of every call: method, outcome (`ok` or Slack's word), seconds."""


def create_client(token: str, base_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that never repeats a call by itself: a post whose answer was lost must be looked for first,
    and a 429 is waited for by the lane, not inside a call.
    """
    return AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[])


class SlackChat:
    """Fulfils `domain.chat.Chat`. The session's time-outs bound each call (see `CALL_SECONDS`)."""

    def __init__(self, client: AsyncWebClient, observe: Observe) -> None:
        self._client = client
        self._observe = observe

    async def identify(self) -> Identity:
        answer = await self._call("auth.test")
        return Identity(answer["user_id"], answer.get("bot_id", ""), answer["team_id"])

    async def open_direct(self, user: str) -> str:
        answer = await self._call("conversations.open", users=user)
        channel: str = answer["channel"]["id"]
        return channel

    async def post(self, key: str, place: Place, content: Content) -> Posted:
        answer = await self._call(
            "chat.postMessage",
            channel=place.channel,
            thread_ts=place.thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            **_body(key, content),
        )
        threaded = bool((answer.get("message") or {}).get("thread_ts"))
        return Posted(answer["channel"], answer["ts"], threaded)

    async def update(self, key: str, channel: str, ts: str, content: Content) -> None:
        await self._call("chat.update", channel=channel, ts=ts, **_body(key, content))

    async def find_posted(self, key: str, place: Place, oldest: float) -> Posted | None:
        if place.thread_ts is not None:
            found = await self._find_in_thread(key, place.channel, place.thread_ts, oldest)
            if found is not None:
                return found
        # A reply whose parent was deleted stands at top level.
        pages = self._pages("conversations.history", place.channel, oldest, include_all_metadata=True)
        async for message in pages:
            if _key_of(message) == key:
                return Posted(place.channel, message["ts"], bool(message.get("thread_ts")))
        return None

    async def _find_in_thread(self, key: str, channel: str, thread: str, oldest: float) -> Posted | None:
        pages = self._pages("conversations.replies", channel, oldest, ts=thread, include_all_metadata=True)
        try:
            async for message in pages:
                if _key_of(message) == key:
                    return Posted(channel, message["ts"], threaded=True)
        except ChatRefused as error:
            if error.code not in _LOST_THREAD:
                raise
        return None

    async def whisper(self, place: Place, user: str, content: Content) -> None:
        await self._call(
            "chat.postEphemeral",
            channel=place.channel,
            user=user,
            thread_ts=place.thread_ts,
            text=content.text,
            blocks=content.blocks,
        )

    async def members(self, group: str) -> list[str]:
        """Fulfils `domain.directory.UserGroups`."""
        answer = await self._call("usergroups.users.list", usergroup=group)
        return list(answer["users"])

    async def channels(self) -> list[str]:
        found, cursor = [], ""
        for _ in range(MOST_PAGES):
            answer = await self._call(
                "users.conversations",
                types="public_channel,private_channel,im",
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor or None,
            )
            found += [channel["id"] for channel in answer["channels"]]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                break
        return found

    async def history(self, channel: str, oldest: float) -> list[ChatMessage]:
        pages = self._pages("conversations.history", channel, oldest)
        return sorted([_read(channel, message) async for message in pages], key=lambda each: float(each.ts))

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> list[ChatMessage]:
        pages = self._pages("conversations.replies", channel, oldest, ts=thread_ts)
        try:
            found = [_read(channel, message) async for message in pages]
        except ChatRefused as error:
            if error.code not in _LOST_THREAD:
                raise
            return []
        return [message for message in found if message.ts != thread_ts and float(message.ts) > oldest]

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(VIEW_SECONDS):
                await self._call("views.open", trigger_id=trigger_id, view=view)
        except TimeoutError as error:
            raise ChatUnavailable("Slack took longer than a second to open the form.") from error

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(VIEW_SECONDS):
                await self._call("views.update", view_id=view_id, view=view)
        except TimeoutError as error:
            raise ChatUnavailable("Slack took longer than a second to change the form.") from error

    async def _pages(
        self, method: str, channel: str, oldest: float, **arguments: Any
    ) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await self._call(
                method,
                channel=channel,
                oldest=f"{oldest:.6f}",
                limit=PAGE,
                cursor=cursor or None,
                **arguments,
            )
            for message in answer["messages"]:
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One call as JSON; raises a ChatError of the right kind."""
        payload = {name: value for name, value in arguments.items() if value is not None}
        began, outcome = time.perf_counter(), "unavailable"
        try:
            answer = await self._send(method, payload)
            outcome = "ok"
            return answer
        except SlackApiError as error:
            outcome = _code(error)
            raise _translate(error) from error
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatUnavailable(f"Slack did not answer {method}: {type(error).__name__}.") from error
        finally:
            self._observe(method, outcome, time.perf_counter() - began)

    async def _send(self, method: str, payload: dict[str, Any]) -> dict[str, Any]:
        # conversations.* take no JSON bodies; the SDK writes lists and objects of a form as JSON text.
        how: dict[str, Any] = {"params": _flat(payload)}
        if method.startswith(("chat.", "views.")):
            how = {"json": payload}
        try:
            data = (await self._client.api_call(method, **how)).data
        except (AttributeError, UnicodeDecodeError) as error:
            # The SDK takes every body for an object: a proxy's plain line makes it stumble over itself.
            raise ChatUnavailable(f"Slack answered {method} with something that is not its own.") from error
        if not isinstance(data, dict):
            raise ChatUnavailable(f"Slack answered {method} with something that is not JSON.")
        return data


def _flat(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in payload.items()}


def _body(key: str, content: Content) -> dict[str, Any]:
    metadata = {"event_type": METADATA_EVENT_TYPE, "event_payload": {"key": key}}
    return {"text": content.text, "blocks": content.blocks, "metadata": metadata}


def _key_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None


def _read(channel: str, message: dict[str, Any]) -> ChatMessage:
    return ChatMessage(
        channel=channel,
        ts=message["ts"],
        thread_ts=message.get("thread_ts"),
        user=message.get("user"),
        text=message.get("text") or "",
        is_bot=bool(message.get("bot_id")),
        subtype=message.get("subtype"),
        latest_reply=message.get("latest_reply"),
    )


def _code(error: SlackApiError) -> str:
    """Slack's own word for what went wrong; `server_error` where the answer is not Slack's."""
    response = error.response
    if getattr(response, "status_code", 200) == 429:
        return "ratelimited"
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return str(code) if code else "server_error"


def _translate(error: SlackApiError) -> Exception:
    response, code = error.response, _code(error)
    if code == "ratelimited":
        return ChatBusy(_retry_after(response))
    if getattr(response, "status_code", 200) >= 500 or code in _WEATHER:
        return ChatUnavailable(f"Slack answered {code}.")
    if code in _REVOKED:
        return ChatRevoked(f"Slack no longer accepts our token ({code}): install the app again.")
    return ChatRefused(code, _detail(response))


def _retry_after(response: Any) -> float:
    try:
        headers = {name.lower(): value for name, value in response.headers.items()}
        seconds = float(headers["retry-after"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return BUSY_SECONDS
    return max(0.0, seconds) if math.isfinite(seconds) else BUSY_SECONDS


def _detail(response: Any) -> str:
    try:
        return "; ".join((response["response_metadata"] or {}).get("messages") or [])
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""
