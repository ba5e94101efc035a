"""Messages, modals and home tabs as a whole."""

from collections.abc import Iterator
from typing import Any

from sandbox.validator.block import check_blocks
from sandbox.validator.rule import Problem, check_length, check_text

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000


def check_message_blocks(blocks: Any) -> list[Problem]:
    """Check the blocks of a message."""
    return list(check_blocks(blocks, "/blocks", MESSAGE_BLOCKS))


def check_view(view: Any) -> list[Problem]:
    """Check a modal or a home tab."""
    if not isinstance(view, dict):
        return [Problem("/view", "must be an object")]
    return list(_check_view(view))


def _check_view(view: dict[str, Any]) -> Iterator[Problem]:
    kind = view.get("type")
    if kind not in ("modal", "home"):
        yield Problem("/view/type", "must be one of: modal, home")
    yield from check_blocks(view.get("blocks"), "/view/blocks", VIEW_BLOCKS)
    if kind == "modal":
        yield from check_text(view.get("title"), "/view/title", 24, plain=True)
        for name in ("submit", "close"):
            if view.get(name) is not None:
                yield from check_text(view[name], f"/view/{name}", 24, plain=True)
        blocks = view["blocks"] if isinstance(view.get("blocks"), list) else []
        has_input = any(isinstance(item, dict) and item.get("type") == "input" for item in blocks)
        if has_input and not view.get("submit"):
            yield Problem("/view/submit", "missing required field: submit (the view has an input block)")
    yield from check_length(view.get("private_metadata"), "/view/private_metadata", 3000)
    yield from check_length(view.get("callback_id"), "/view/callback_id", 255)
