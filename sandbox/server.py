"""The sandbox as an HTTP server: routes, the guard of the loopback, start and stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.answer import AnswerError, apply_answer
from sandbox.desk import Desk, build_desk
from sandbox.hand import door, world_door
from sandbox.hand.gesture import HandError
from sandbox.identity import BOT_TOKEN
from sandbox.manifest import Manifest, load_manifest
from sandbox.response_url import ResponseUrlError
from sandbox.web_api import dispatcher
from sandbox.world import deployer_api

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_BODY = 4 * 1024 * 1024
_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
PAGE = Path(__file__).parent / "page"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AddressError(Exception):
    """The sandbox may not or cannot listen there; the text is a sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: its address without a trailing slash, and its parts."""

    url: str
    desk: Desk

    @property
    def api_url(self) -> str:
        """What a Slack client takes as its base address."""
        return f"{self.url}/api/"


@asynccontextmanager
async def serve(
    port: int = 0,
    host: str = "127.0.0.1",
    manifest: Manifest | str | None = None,
    bot_url: str | None = None,
    scenario: str | None = None,
) -> AsyncIterator[Sandbox]:
    """Run a sandbox on a loopback port (0 lets the system choose) until the block ends.

    `manifest` is a Manifest, a path, or None for the packaged one. Raises AddressError where the port is
    taken or the host is not loopback, ManifestError where the manifest cannot be used.
    """
    if host not in LOOPBACK:
        raise AddressError(f"The sandbox listens on loopback only and refuses {host}: use 127.0.0.1.")
    known = manifest if isinstance(manifest, Manifest) else load_manifest(manifest)
    desk = build_desk(known, bot_url, scenario)
    runner = web.AppRunner(create_app(desk), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        url = await _listen(runner, host, port)
        desk.url = url
        desk.spawn(desk.world.courier.run())
        yield Sandbox(url, desk)
    finally:
        await desk.close()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        detail = (
            f"Port {port} on {host} cannot be used ({error.strerror or error}): choose another with --port."
        )
        raise AddressError(detail) from error
    address = runner.addresses[0]
    name = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"http://{name}:{address[1]}"


def create_app(desk: Desk) -> web.Application:
    """Build the aiohttp application around a sandbox."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[guard])
    app.add_routes(
        [
            web.get("/", show_page),
            web.get("/page/{file}", show_page),
            web.route("*", "/api/{method}", partial(dispatcher.answer, desk)),
            web.get("/link/", desk.sockets.serve),
            web.post("/{kind:commands|actions}/{team}/{secret}", partial(take_answer, desk)),
            web.get("/_sandbox/state", partial(door.show_state, desk)),
            web.get("/_sandbox/log", partial(door.show_log, desk)),
            web.get("/_sandbox/events", partial(door.stream, desk)),
            web.get("/_sandbox/health", partial(show_health, desk)),
            web.post("/_sandbox/{act}", partial(door.act, desk)),
            web.get("/_world", partial(world_door.show, desk)),
            *deployer_api.list_routes(desk.world),
            web.post("/_world/{act}", partial(world_door.act, desk)),
            web.get("/files/{id}/{name}", partial(show_file, desk)),
        ]
    )
    return app


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a page of another origin, or a name that was made to point here, could send."""
    if _hostname(f"//{request.headers.get('Host', '')}") not in LOOPBACK:
        return web.Response(status=403, text="The sandbox answers to 127.0.0.1 and localhost only.")
    # A page of another origin sends no Origin with a simple GET, but browsers then say where it comes from.
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and request.path != "/":
        return web.Response(status=403, text="The sandbox answers no pages of other origins.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        return web.Response(status=403, text="The sandbox answers no pages of other origins.")
    return await handler(request)


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def show_page(request: web.Request) -> web.StreamResponse:
    """Serve the page and its modules."""
    file = PAGE / Path(request.match_info.get("file", "index.html")).name
    if not await asyncio.to_thread(file.is_file):
        return web.Response(status=404, text="There is no such file in sandbox/page.")
    return web.FileResponse(file, headers={"Cache-Control": "no-cache"})


async def show_health(desk: Desk, _request: web.Request) -> web.Response:
    """Answer `GET /_sandbox/health`: how `quarterdeck up` recognises a sandbox that is already there."""
    return web.json_response(
        {"ok": True, "sandbox": True, "sockets": len(desk.sockets.sockets), "manifest": desk.manifest.source}
    )


async def show_file(desk: Desk, request: web.Request) -> web.Response:
    """Serve an uploaded file to the app's token and to the page; others are sent to the front page, as Slack does."""
    file = desk.workspace.files.get(request.match_info["id"])
    if file is None:
        return web.Response(status=404, text="There is no such file.")
    allowed = request.headers.get("Authorization") == f"Bearer {BOT_TOKEN}"
    if not allowed and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise web.HTTPFound("/")
    headers = {"Content-Type": file[0]["mimetype"], "Content-Security-Policy": "sandbox", **_NOSNIFF}
    return web.Response(body=file[1], headers=headers)


async def take_answer(desk: Desk, request: web.Request) -> web.Response:
    """Answer a post to a response URL as Slack does: `ok` as text, or a 404 or 500 with the error as JSON."""
    try:
        url = desk.response_urls.use(request.path)
        body = await door.read_object(request)
        shown = apply_answer(desk, url, body)
    except ResponseUrlError as error:
        return _refuse(desk, str(error), 404)
    except HandError as error:
        return _refuse(desk, error.error, 500)
    except AnswerError as error:
        return _refuse(desk, str(error), 404 if "not_found" in str(error) else 500)
    desk.log.add("response_url", outcome="ok", uses=url.uses, user=url.user)
    url.answers.put_nowait(shown or {"deleted_original": True})
    return web.Response(text="ok")


def _refuse(desk: Desk, error: str, status: int) -> web.Response:
    desk.log.add("response_url", outcome=error)
    return web.json_response({"ok": False, "error": error}, status=status)
