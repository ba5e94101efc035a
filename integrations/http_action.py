"""Actions over HTTP: the adapter of `domain.runner.ActionRunner` for the catalogue's `http` entries."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from domain import request as requests
from domain import template
from domain.action import Action, Effect, HttpCall, Value
from domain.argument import WrongValue
from domain.runner import Receipt, Request, Retry, RunOutcome, Watch
from integrations.http_answer import MOST_BYTES, Answer, Meaning, Verdict, judge
from integrations.http_guard import ForbiddenAddress, GuardedResolver, judge_literal

CONNECT_SECONDS = 5.0
CONNECT_SHARE = 0.8
"""Connecting is given up before the whole attempt is, so that we know that nothing was sent."""
MOST_WAIT_SECONDS = 60.0
MOST_BACKOFF_SECONDS = 10.0
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _AnswerLost(aiohttp.ClientError):
    """The connection broke after the request had been sent, or while it was."""


class HttpActions:
    """Fulfils `domain.runner.ActionRunner` for actions with an `HttpCall`.

    `names` has the values of `${NAME}`; `watch` is told of each repetition; `backoff_seconds` is the first wait between
    attempts, doubled each time. `resolver` is the system's unless another is given.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        watch: Watch | None = None,
        backoff_seconds: float = 0.5,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._names = {name: _as_base(value) for name, value in names.items()}
        self._watch = watch or (lambda _: None)
        self._backoff_seconds = backoff_seconds
        self._resolver = resolver

    def describe(self, action: Action, arguments: Mapping[str, Value]) -> Request:
        """The request that `run` would send, secrets as `${NAME}`, without its idempotency key. Raises WrongValue."""
        return requests.describe(action, arguments)

    async def run(
        self,
        action: Action,
        arguments: Mapping[str, Value],
        key: str,
        watch: Watch | None = None,
        *,
        again: bool = False,
    ) -> Receipt:
        """Send the request, and repeat it where that is harmless, until it is done, failed or in doubt."""
        call = action.call
        if not isinstance(call, HttpCall):
            raise TypeError(f"{action.name} is no HTTP action")
        start = time.monotonic()
        try:
            request = requests.expand(action, arguments, self._names)
        except template.Absent as missing:
            return _unsent(action, f"`{missing.args[0]}` is not set.", again)
        except WrongValue as wrong:
            return _unsent(action, wrong.sentence, again)
        secrets = {name: self._names[name] for name in _names_in(call)}
        attempt = _Attempt(call, request, _headers(call, request, key), secrets, self._resolver)
        verdict, attempts, doubt = await self._repeat(action, attempt, key, watch or self._watch, doubt=again)
        shown = f"{call.method} {self.describe(action, arguments).address}"
        return _receipt(action, verdict, attempts, doubt, shown, time.monotonic() - start)

    async def _repeat(
        self, action: Action, attempt: "_Attempt", key: str, watch: Watch, *, doubt: bool
    ) -> tuple[Verdict, int, bool]:
        """The last verdict, the number of attempts, and whether any of them may have been done unseen (`doubt`: one
        before them may).
        """
        count = 0
        while True:
            verdict, count = await attempt.make(), count + 1
            doubt = doubt or verdict.meaning in (Meaning.LOST, Meaning.UNCLEAR)
            may_repeat = verdict.meaning is Meaning.WEATHER or (
                verdict.meaning is Meaning.LOST and action.idempotent
            )
            wait = self._wait(count, verdict)
            if not may_repeat or count > attempt.call.retries or wait > MOST_WAIT_SECONDS:
                return verdict, count, doubt
            watch(Retry(key, count, wait, verdict.reason))
            await asyncio.sleep(wait)

    def _wait(self, count: int, verdict: Verdict) -> float:
        backoff = min(MOST_BACKOFF_SECONDS, self._backoff_seconds * float(2 ** (count - 1)))
        return max(backoff, verdict.retry_after or 0.0)


def _as_base(value: str) -> str:
    """An address without the slash that the template brings itself."""
    return value.rstrip("/") if value.startswith(("http://", "https://")) else value


def _names_in(call: HttpCall) -> frozenset[str]:
    return template.secrets([call.address, dict(call.headers), call.body])


def _headers(call: HttpCall, request: Request, key: str) -> dict[str, str]:
    headers = {"User-Agent": "Quarterdeck", "Accept": "application/json", **request.headers}
    if request.body is not None:
        headers.setdefault("Content-Type", "application/json")
    if call.idempotency_header is not None:
        headers[call.idempotency_header] = key
    return headers


def _unsent(action: Action, reason: str, again: bool) -> Receipt:
    """Nothing was sent now; whether it was before nobody knows."""
    if again and action.effect is not Effect.READ:
        sentence = f"Nothing more was sent: {reason} It may have been done before or not."
        return Receipt(RunOutcome.IN_DOUBT, None, sentence)
    return Receipt(RunOutcome.FAILED, None, f"Nothing was sent: {reason}")


def _receipt(
    action: Action, verdict: Verdict, attempts: int, doubt: bool, shown: str, seconds: float
) -> Receipt:
    """What the attempts come to. Reading leaves no doubt behind; a plain refusal (4xx, `ok: false`) dispels it."""
    changes = action.effect is not Effect.READ
    definite = verdict.meaning is Meaning.REFUSED and (verdict.status is not None and verdict.status < 500)
    if verdict.meaning is Meaning.DONE:
        outcome, end = RunOutcome.DONE, ""
    elif changes and doubt and not definite:
        outcome, end = RunOutcome.IN_DOUBT, " It may have been done or not."
    else:
        outcome, end = RunOutcome.FAILED, ""
    times = f" ({attempts} attempts)" if attempts > 1 else ""
    sentence = f"{shown} {verdict.reason}{times}.{end}"
    return Receipt(outcome, verdict.status, sentence, verdict.result, attempts, seconds)


@dataclass(frozen=True)
class _Attempt:
    """One request, ready to be sent as often as need be; each time over a connection of its own."""

    call: HttpCall
    request: Request
    headers: Mapping[str, str]
    secrets: Mapping[str, str]
    resolver: AbstractResolver | None

    async def make(self) -> Verdict:
        """Send it and judge what comes back, or does not."""
        try:
            async with self._session() as session:
                return await self._follow(session)
        except ForbiddenAddress as forbidden:
            return Verdict(Meaning.REFUSED, f"was not sent: {forbidden}")
        except ValueError:  # aiohttp's for addresses and headers
            return Verdict(Meaning.REFUSED, "was not sent: its address or one of its headers is not valid")
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            return Verdict(Meaning.REFUSED, "was not sent: the host's certificate is not trusted")
        except aiohttp.ClientConnectorDNSError:
            return Verdict(Meaning.WEATHER, "was not sent: its host was not found")
        except aiohttp.ClientConnectorError:
            return Verdict(Meaning.WEATHER, "was not sent: the connection was refused")
        except aiohttp.ConnectionTimeoutError:
            return Verdict(Meaning.WEATHER, "was not sent: its host does not answer")
        except TimeoutError:
            return Verdict(Meaning.LOST, f"was not answered within {self.call.timeout_seconds:g} s")
        except aiohttp.ClientError:
            return Verdict(Meaning.LOST, "was sent, but the answer was lost")

    def _session(self) -> aiohttp.ClientSession:
        total = self.call.timeout_seconds
        connect = min(CONNECT_SECONDS, total * CONNECT_SHARE)
        resolver = GuardedResolver(self.resolver or aiohttp.ThreadedResolver(), self.call)
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=total, connect=connect),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_send_once,),
        )

    async def _follow(self, session: aiohttp.ClientSession) -> Verdict:
        """Send, and follow redirects that stay on the same host and keep the method."""
        url = URL(self.request.address, encoded=True)
        for _ in range(MOST_REDIRECTS + 1):
            if url.scheme not in ("http", "https") or not url.host:
                raise aiohttp.InvalidURL(url)
            judge_literal(url.host, self.call)
            async with self._send(session, url) as response:
                location = response.headers.get("Location")
                if response.status not in REDIRECTS - set(self.call.success_statuses) or location is None:
                    return judge(await self._read(response), self.call, self.secrets)
            target = _same_host(url, location)
            if target is None:
                return _refuse(response.status, "a redirect to another host, which is not followed")
            if response.status not in (307, 308) and self.call.method != "GET":
                return _refuse(response.status, "a redirect that does not repeat the request")
            url = target
        return _refuse(response.status, "one redirect after the other")

    def _send(
        self, session: aiohttp.ClientSession, url: URL
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        body = None if self.request.body is None else json.dumps(self.request.body).encode()
        return session.request(
            self.call.method, url, data=body, headers=dict(self.headers), allow_redirects=False
        )

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        """The answer, of its body at most 64 KiB. A status that says it all stands without its body."""
        body = b""
        try:
            while len(body) <= MOST_BYTES and (chunk := await response.content.readany()):
                body += chunk
        except (TimeoutError, aiohttp.ClientError):
            if response.status in self.call.success_statuses and self.call.success_fields:
                raise
            body = b""
        whole = body if len(body) <= MOST_BYTES else None
        return Answer(response.status, whole, response.headers.get("Retry-After"))


def _same_host(url: URL, location: str) -> URL | None:
    """Where a redirect leads, None for another host."""
    try:
        target = url.join(URL(location))
        return target if target.origin() == url.origin() else None
    except ValueError:
        return None


def _refuse(status: int, what: str) -> Verdict:
    return Verdict(Meaning.REFUSED, f"answered {status}, {what}", status)


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp repeats a GET, PUT or DELETE by itself when the connection breaks: whether to repeat is ours to say."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _AnswerLost from error
