"""What goes wrong with a call of the API: always JSON, `{"error": code, "detail": sentence}`."""

import logging
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web
from structlog.contextvars import bound_contextvars

from domain.deadline import enforce
from domain.errors import NotAllowed, NotFound, QuarterdeckError

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
PREFIX = "/api/"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fault(Exception):
    """A call that is refused: its status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence

    @property
    def response(self) -> web.Response:
        """As it is answered."""
        headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(self.status)
        body = {"error": self.code, "detail": self.sentence}
        return web.json_response(body, status=self.status, headers=headers)


@web.middleware
async def answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every call of the API: the only place where an error becomes an answer."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    with bound_contextvars(correlation_id=secrets.token_hex(6)):
        try:
            return await enforce(_run(handler, request), ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001 - the boundary: logged where nobody expected it
            return _read(error, request).response


async def _run(handler: Handler, request: web.Request) -> web.StreamResponse:
    return await handler(request)


def _read(error: Exception, request: web.Request) -> Fault:
    match error:
        case Fault():
            return error
        case NotFound():
            return Fault(404, "not_found", error.sentence)
        case NotAllowed():
            return Fault(403, "not_allowed", error.sentence)
        case QuarterdeckError():
            return Fault(400, "invalid", error.sentence)
        case web.HTTPMethodNotAllowed():
            return Fault(405, "method_not_allowed", f"{request.path} does not take {request.method}.")
        case web.HTTPException():
            return Fault(error.status, "not_found" if error.status == 404 else "refused", f"{error.reason}.")
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    sentence = "It could not be confirmed that this was done: look whether it was, and send it again if not."
    return Fault(503, "unconfirmed", sentence)
