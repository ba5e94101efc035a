"""Constructors of Slack's blocks that know its limits. Each returns a plain dict that Slack accepts.

Text that is too long is cut with an ellipsis, what is too many is left out. A plain `str` is shown as it was
written; `blocks.mrkdwn` makes markup. What only a programmer can get wrong raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from blocks import mrkdwn
from blocks.element import (
    BLANK,
    Block,
    Element,
    Style,
    button,
    check_unique,
    confirm,
    link_button,
    markup,
    option,
    plain_text,
    plain_text_input,
    static_select,
    trim,
)
from blocks.surface import home, message, messages, modal

__all__ = [
    "Block",
    "Element",
    "Style",
    "actions",
    "button",
    "confirm",
    "context",
    "divider",
    "fields",
    "header",
    "home",
    "image",
    "input_block",
    "link_button",
    "markdown",
    "message",
    "messages",
    "modal",
    "option",
    "plain_text_input",
    "preformatted",
    "section",
    "static_select",
    "table",
]

TABLE_CHARACTERS = 10_000
_MARKDOWN_MENTION = re.compile(r"<(?=[!@#])")


def header(text: str, *, block_id: str | None = None) -> Block:
    """Return a title of at most 150 characters. Use it once in a message, or not at all."""
    return trim({"type": "header", "text": plain_text(text, 150), "block_id": _name(block_id)})


def section(text: str, *, accessory: Element | None = None, block_id: str | None = None) -> Block:
    """Return a paragraph of at most 3,000 characters, with one element beside it if given."""
    return trim(
        {
            "type": "section",
            "text": markup(text),
            "accessory": accessory,
            "block_id": _name(block_id),
            # Without it a client may hide a long paragraph behind "show more".
            "expand": True,
        }
    )


def fields(pairs: Sequence[tuple[str, str]], *, block_id: str | None = None) -> Block:
    """Return names and values in two columns (at most 10 pairs of 2,000 characters).

    Raises ValueError without pairs.
    """
    if not pairs:
        raise ValueError("fields need a pair")
    shown = [
        markup(mrkdwn.bold(name) + mrkdwn.Mrkdwn("\n") + _or_blank(value), 2000) for name, value in pairs[:10]
    ]
    return trim({"type": "section", "fields": shown, "block_id": _name(block_id)})


def context(*texts: str, block_id: str | None = None) -> Block:
    """Return a quiet line for what is beside the point: at most 10 texts, blank ones left out.

    Raises ValueError without texts.
    """
    if not texts:
        raise ValueError("a context needs a text")
    shown = [markup(text) for text in texts if mrkdwn.escape(text).strip()][:10]
    return trim({"type": "context", "elements": shown or [markup(BLANK)], "block_id": _name(block_id)})


def divider() -> Block:
    """Return a thin line."""
    return {"type": "divider"}


def actions(*elements: Element, block_id: str | None = None) -> Block:
    """Return a row of at most 25 buttons and menus.

    Raises ValueError without elements, or where an action id comes twice.
    """
    if not elements:
        raise ValueError("a row of actions needs an element")
    check_unique((element["action_id"] for element in elements), "the action id")
    return trim({"type": "actions", "elements": list(elements[:25]), "block_id": _name(block_id)})


def markdown(text: str) -> Block:
    """Return standard Markdown of at most 12,000 characters; mentions in it are shown as text."""
    shown = _MARKDOWN_MENTION.sub("<" + mrkdwn.WORD_JOINER, mrkdwn.clean(text))
    return {"type": "markdown", "text": mrkdwn.truncate(shown, 12_000) if shown.strip() else BLANK}


def image(url: str, alt: str, *, title: str | None = None, block_id: str | None = None) -> Block:
    """Return a picture that Slack fetches from a public address. Raises ValueError if it is not http(s)."""
    if not url.startswith(("https://", "http://")) or len(url) > 3000:
        raise ValueError("a picture has an http or https address of at most 3,000 characters")
    return trim(
        {
            "type": "image",
            "image_url": mrkdwn.clean(url),
            "alt_text": plain_text(alt, 2000)["text"],
            "title": None if title is None else plain_text(title, 2000),
            "block_id": _name(block_id),
        }
    )


def input_block(
    label: str, element: Element, *, block_id: str, hint: str | None = None, optional: bool = False
) -> Block:
    """Return a labelled input for a modal (label and hint 2,000 characters); `block_id` names the answer."""
    return trim(
        {
            "type": "input",
            "block_id": _name(block_id),
            "label": plain_text(label, 2000),
            "element": element,
            "hint": None if hint is None else plain_text(hint, 2000),
            "optional": optional,
        }
    )


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    align: Sequence[Literal["left", "center", "right"]] = (),
) -> Block:
    """Return a table of at most 20 columns, 100 rows with its head, 10,000 characters; the rest is left out.

    Cells are plain text; rows that are shorter than the head are filled up. Raises ValueError without a head.
    """
    if not head:
        raise ValueError("a table needs a head")
    width, shown, room = min(len(head), 20), list[list[Element]](), TABLE_CHARACTERS
    for row in [head, *rows][:100]:
        cells = [_cell(row[at] if at < len(row) else "") for at in range(width)]
        room -= sum(len(cell["text"]) for cell in cells)
        if room < 0:
            break
        shown.append(cells)
    settings = [{"align": each} for each in align[:width]] or None
    return trim({"type": "table", "rows": shown, "column_settings": settings})


def preformatted(text: str) -> Block:
    """Return text in a fixed-width box, such as a log, of at most 3,000 characters."""
    shown = mrkdwn.truncate(mrkdwn.clean(text).strip("\n"), 3000) or BLANK
    part = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}
    return {"type": "rich_text", "elements": [part]}


def _cell(text: str) -> Element:
    plain = mrkdwn.unescape(text) if isinstance(text, mrkdwn.Mrkdwn) else text
    shown = mrkdwn.truncate(mrkdwn.flatten(mrkdwn.clean(plain)), 400)
    return {"type": "raw_text", "text": shown or BLANK}


def _or_blank(text: str) -> str:
    return text if mrkdwn.escape(text).strip() else BLANK


def _name(block_id: str | None) -> str | None:
    if block_id is not None and not 0 < len(block_id) <= 255:
        raise ValueError("a block id has between 1 and 255 characters")
    return None if block_id is None else str(block_id)
