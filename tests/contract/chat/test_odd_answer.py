"""What stands between us and Slack answers in its own way: proxies, login pages, cut connections."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from domain.card import Content, Place
from domain.chat import ChatBusy, ChatUnavailable
from integrations.slack import SlackChat, create_client

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def chat_on(handler: Handler) -> AsyncIterator[SlackChat]:
    """Slack's adapter on a server that answers every call with `handler`."""
    app = web.Application()
    app.router.add_route("*", "/api/{method}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with aiohttp.ClientSession() as session:
            yield SlackChat(create_client("xoxb-sandbox", url, session), lambda *_: None)
    finally:
        await runner.cleanup()


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answer(**response: object) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(**response)  # type: ignore[arg-type]

    return handle


ODD = {
    "a connection that is cut": hang_up,
    "a proxy's page": answer(status=502, text="<html>Bad gateway</html>", content_type="text/html"),
    "a proxy's plain line": answer(status=503, text="upstream connect error"),
    "a plain line with status 200": answer(status=200, text="ok"),
    "a login page with status 200": answer(status=200, text="<html>", content_type="text/html"),
    "a page that forbids": answer(status=403, text="<html>", content_type="text/html"),
    "half an answer": answer(status=200, text='{"ok": tr', content_type="application/json"),
    "a list": answer(status=200, text="[1]", content_type="application/json"),
    "nothing": answer(status=200, content_type="application/json"),
    "bytes that are no text": answer(status=200, body=b'{"ok": "\xff"}', content_type="application/json"),
    "a bare refusal": answer(status=200, text='{"ok": false}', content_type="application/json"),
    "a bundle": answer(status=200, body=b"PK", content_type="application/gzip"),
}


@pytest.mark.parametrize("what", ODD)
async def test_what_slack_did_not_say_is_weather_and_no_refusal(what: str) -> None:
    """A card that such an answer marked as refused for good would never be shown."""
    async with chat_on(ODD[what]) as chat:
        with pytest.raises(ChatUnavailable) as failure:
            await chat.post("task:1", Place("C0OPS"), Content("ready"))
        assert failure.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), (None, 30.0), ("soon", 30.0), ("nan", 30.0), ("inf", 30.0), ("-3", 0.0)],
)
async def test_429_without_a_usable_retry_after(header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    async with chat_on(answer(status=429, text="slow down", headers=headers)) as chat:
        with pytest.raises(ChatBusy) as busy:
            await chat.identify()
        assert busy.value.retry_after == seconds
