"""A server that behaves as badly as a test asks for, and an action that talks to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from domain.action import Action, Effect, HttpCall, Parameter, ParameterType, Risk

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Deployer:
    """The server: what it was asked, and what it answers next (the last entry again and again)."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    script: list[Respond] = field(default_factory=list)
    effects: set[str] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(
            {
                "method": request.method,
                "path": request.raw_path,
                "headers": dict(request.headers),
                "body": body,
            }
        )
        respond = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await respond(request)

    def answers(self, *responses: Respond) -> None:
        """What it does with the next requests."""
        self.script = list(responses)


def say(status: int = 200, headers: dict[str, str] | None = None, **fields: Any) -> Respond:
    """Answer with JSON."""

    async def respond(_: web.Request) -> web.StreamResponse:
        return web.json_response(fields, status=status, headers=headers)

    return respond


SERVICE = Parameter("service", ParameterType.SERVICE, "a service")
VERSION = Parameter("version", ParameterType.VERSION, "a version", required=False)
TEXT = Parameter("text", ParameterType.STRING, "any text", required=False)


def deploy(effect: Effect = Effect.UPDATE, **call: Any) -> Action:
    """An action that posts a deployment; keywords change its call."""
    given: dict[str, Any] = {
        "method": "POST",
        "address": "${DEPLOYER}/deployments",
        "body": {"service": "{service}", "version": "{version}"},
        "success_fields": {"ok": True},
        "timeout_seconds": 5.0,
        "idempotency_header": "Idempotency-Key",
        "allow_private": True,
    }
    return Action(
        name="deploy",
        description="Deploy.",
        examples=("deploy checkout v43",),
        parameters=(SERVICE, VERSION, TEXT),
        effect=effect,
        risk=Risk("deploy"),
        call=HttpCall(**{**given, **call}),
    )
