"""What blocks are put on: a message, a modal, the home tab. Re-exported by `blocks.kit`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from blocks import mrkdwn
from blocks.element import Block, check_id, check_unique, markup, plain_text, trim
from domain.card import Content

Weigh = Callable[[Block], int]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = 12_000
VIEW_BYTES = 240_000
TEXT_CHARACTERS = 3_000
# Slack refuses messages at about 13,200 characters and counts something for each block as well.
BLOCK_OVERHEAD = 100
# What a person acts with is never left out of a message that is too long.
_KEPT = frozenset({"actions", "input", "context_actions"})
_SHORTENED = "… shortened: this message was longer than Slack shows."


def message(text: str, blocks: Iterable[Block]) -> Content:
    """Return a message. Its `text` says the same in one line, as markup of at most 3,000 characters.

    A message of more than 50 blocks or 12,000 characters is shortened and says so; its buttons stay.
    Raises ValueError without text or blocks, or where a block id comes twice.
    """
    fallback, shown = _fallback(text), list(blocks)
    _check_blocks(shown)
    return Content(fallback, _shorten(shown, MESSAGE_BLOCKS, MESSAGE_CHARACTERS, weigh))


def messages(text: str, blocks: Iterable[Block]) -> list[Content]:
    """Return the blocks over as many messages as they need, in order. Raises ValueError like `message`."""
    fallback, shown = _fallback(text), list(blocks)
    _check_blocks(shown)
    return [Content(fallback, page) for page in _paginate(shown)]


def modal(
    title: str,
    blocks: Iterable[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    private_metadata: str | None = None,
) -> dict[str, Any]:
    """Return a modal view (title, submit and close 24 characters, 1 to 100 blocks).

    `private_metadata` has at most 3,000 characters. Raises ValueError for more, without blocks, or where no
    button submits an input.
    """
    shown = list(blocks)
    _check_blocks(shown)
    if submit is None and any(block["type"] == "input" for block in shown):
        raise ValueError("a modal with inputs needs a submit button")
    if private_metadata is not None and len(private_metadata) > 3000:
        raise ValueError("private metadata has at most 3,000 characters")
    return trim(
        {
            "type": "modal",
            "callback_id": check_id(callback_id, "a callback id"),
            "title": plain_text(title, 24),
            "submit": None if submit is None else plain_text(submit, 24),
            "close": plain_text(close, 24),
            "private_metadata": private_metadata,
            "blocks": _shorten(shown, VIEW_BLOCKS, VIEW_BYTES, _weigh_bytes),
        }
    )


def home(blocks: Iterable[Block]) -> dict[str, Any]:
    """Return a view for the home tab (1 to 100 blocks). Raises ValueError without blocks."""
    shown = list(blocks)
    _check_blocks(shown)
    return {"type": "home", "blocks": _shorten(shown, VIEW_BLOCKS, VIEW_BYTES, _weigh_bytes)}


def weigh(block: Block) -> int:
    """Return how many characters of a message's budget a block takes."""
    return BLOCK_OVERHEAD + sum(len(text) for text in _texts(block))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "type":
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _weigh_bytes(block: Block) -> int:
    return len(json.dumps(block)) + 2


def _fallback(text: str) -> str:
    line = mrkdwn.flatten(mrkdwn.escape(text))
    if not line:
        raise ValueError("a message needs a text that says the same in one line")
    return str(mrkdwn.truncate(line, TEXT_CHARACTERS))


def _check_blocks(blocks: Sequence[Block]) -> None:
    if not blocks:
        raise ValueError("a message or view needs a block")
    check_unique((block["block_id"] for block in blocks if "block_id" in block), "the block id")


def _shorten(blocks: list[Block], most: int, budget: int, weigh: Weigh) -> list[Block]:
    """Return the blocks that fit: what a person acts with, and of the rest as much as there is room for."""
    if len(blocks) <= most and sum(map(weigh, blocks)) <= budget:
        return blocks
    note = {"type": "context", "elements": [markup(_SHORTENED)]}
    room = budget - weigh(note)
    acting = list(_take([block for block in blocks if block["type"] in _KEPT], most - 1, room, weigh))
    room -= sum(map(weigh, acting))
    others = [block for block in blocks if block["type"] not in _KEPT]
    shown = list(_take(others, most - 1 - len(acting), room, weigh))
    if len(shown) < len(others):
        shown.extend(_begin(others[len(shown)], room - sum(map(weigh, shown)), weigh))
    return _weave(blocks, acting, [*shown[: most - 1 - len(acting)], note])


def _take(blocks: Iterable[Block], most: int, room: int, weigh: Weigh) -> Iterator[Block]:
    for block in itertools.islice(blocks, max(most, 0)):
        room -= weigh(block)
        if room < 0:
            return
        yield block


def _weave(order: Iterable[Block], acting: list[Block], others: list[Block]) -> list[Block]:
    """Put both kinds back in their order; what is left of the others follows the last of them."""
    rows, rest, kept = iter(acting), iter(others), list[Block]()
    for block in order:
        kept.extend(itertools.islice(rows if block["type"] in _KEPT else rest, 1))
    return [*kept, *rest]


def _begin(block: Block, room: int, weigh: Weigh) -> list[Block]:
    """Return the beginning of a block, where it is one text of which at least a line fits."""
    text = block.get("text")
    whole = text.get("text", "") if isinstance(text, dict) else text
    excess = weigh(block) - room
    if block["type"] == "header" or not isinstance(whole, str) or len(whole) - excess < 80:
        return []
    cut = str(mrkdwn.truncate(mrkdwn.Mrkdwn(whole), len(whole) - excess))
    return [{**block, "text": {**text, "text": cut} if isinstance(text, dict) else cut}]


def _paginate(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    page: list[Block] = []
    weight = 0
    for block in blocks:
        if page and (len(page) == MESSAGE_BLOCKS or weight + weigh(block) > MESSAGE_CHARACTERS):
            yield page
            page, weight = [], 0
        page.append(block)
        weight += weigh(block)
    if page:
        yield page
