"""Digest: what an approval is bound to, and what a step must still have when it runs.

RFC 8785 says how JSON is written in exactly one way, so that the order of keys or the escaping of a character never
makes two digests of one meaning. `${NAME}` is not expanded: a secret is never part of a digest, and may be rotated.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from domain.action import Action, HttpCall
from domain.errors import QuarterdeckError
from domain.plan import Step


def digest(step: Step, action: Action | None = None) -> str:
    """SHA-256, in 64 hexadecimal digits, of the canonical JSON of a step's action and arguments.

    With the catalogue's `action` it also covers the request (method, address, headers, body) or the port, and the undo,
    each as the catalogue has it, so that a catalogue that changed what was approved is noticed. Raises QuarterdeckError
    for what JSON cannot hold exactly: an integer beyond 2^53 - 1, half of a surrogate pair.
    """
    bound: dict[str, Any] = {"action": step.action, "arguments": dict(step.arguments)}
    if action is not None:
        bound |= {"call": _call(action), "undo": _undo(action)}
    try:
        return hashlib.sha256(rfc8785.dumps(bound)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise QuarterdeckError(
            f"The arguments of `{step.action}` cannot be fixed for an approval ({error}): use plain text and whole "
            "numbers of at most 15 digits."
        ) from None


def _call(action: Action) -> Mapping[str, Any]:
    call = action.call
    if not isinstance(call, HttpCall):
        return {"port": call.port}
    return {
        "method": call.method,
        "address": call.address,
        "headers": dict(call.headers),
        "body": call.body,
    }


def _undo(action: Action) -> Mapping[str, Any] | None:
    undo = action.undo
    return None if undo is None else {"action": undo.action, "arguments": dict(undo.arguments)}


def combine(digests: Sequence[str]) -> str:
    """One digest for a whole plan, from those of its steps in their order."""
    return hashlib.sha256(rfc8785.dumps(list(digests))).hexdigest()
