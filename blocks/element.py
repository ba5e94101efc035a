"""The parts that blocks are made of: texts, buttons, menus, inputs. Re-exported by `blocks.kit`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from blocks import mrkdwn

Block = dict[str, Any]
Element = dict[str, Any]
Style = Literal["primary", "danger"]

BLANK = "\u2013"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/+=-]{0,254}")


def trim(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value: Slack refuses null."""
    return {name: value for name, value in fields.items() if value is not None}


def plain_text(text: str, limit: int) -> Element:
    """Return a plain text on one line, cut to the limit; a dash where there is none."""
    shown = mrkdwn.flatten(mrkdwn.clean(mrkdwn.unescape(text) if isinstance(text, mrkdwn.Mrkdwn) else text))
    return {"type": "plain_text", "text": mrkdwn.truncate(shown, limit) or BLANK, "emoji": True}


def markup(text: str, limit: int = 3000) -> Element:
    """Return a mrkdwn text, plain text escaped, cut to the limit; a dash where there is none.

    Verbatim, so that Slack makes no links and no mentions of what only looks like one.
    """
    shown = mrkdwn.escape(text)
    return {
        "type": "mrkdwn",
        "text": str(mrkdwn.truncate(shown, limit)) if shown.strip() else BLANK,
        "verbatim": True,
    }


def check_id(value: str, what: str) -> str:
    """Return an id as a plain string. Raises ValueError for what is not one id and nothing else."""
    if not _ID.fullmatch(value):
        raise ValueError(f"{what} must be one id (letters, digits, dots, dashes), not {value!r}")
    return str(value)


def confirm(
    title: str, text: str, *, yes: str = "Yes", no: str = "No", style: Style | None = None
) -> Element:
    """Return a dialogue that asks before an element acts (title 100 characters, text 300, answers 30)."""
    return trim(
        {
            "title": plain_text(title, 100),
            "text": plain_text(text, 300),
            "confirm": plain_text(yes, 30),
            "deny": plain_text(no, 30),
            "style": style,
        }
    )


def button(
    text: str,
    action_id: str,
    value: str,
    *,
    style: Style | None = None,
    confirm: Element | None = None,
    label: str | None = None,
) -> Element:
    """Return a button; its value is the id it acts on and nothing else, its text has at most 75 characters.

    `label` is what a screen reader says instead of the text. Raises ValueError for a value that is no id.
    """
    return trim(
        {
            "type": "button",
            "text": plain_text(text, 75),
            "action_id": check_id(action_id, "an action id"),
            "value": check_id(value, "a button's value"),
            "style": style,
            "confirm": confirm,
            "accessibility_label": None if label is None else plain_text(label, 75)["text"],
        }
    )


def link_button(text: str, action_id: str, url: str) -> Element:
    """Return a button that opens an address. Raises ValueError for one that is not http(s) or too long."""
    if not url.startswith(("https://", "http://")) or len(url) > 3000:
        raise ValueError("a button opens an http or https address of at most 3,000 characters")
    action = check_id(action_id, "an action id")
    return {"type": "button", "text": plain_text(text, 75), "action_id": action, "url": mrkdwn.clean(url)}


def option(text: str, value: str, description: str | None = None) -> Element:
    """Return one option of a menu (text and description 75 characters, value 150).

    Raises ValueError for a value that is no id.
    """
    value = check_id(value, "an option's value")
    if len(value) > 150:
        raise ValueError("an option's value has at most 150 characters")
    shown = None if description is None else plain_text(description, 75)
    return trim({"text": plain_text(text, 75), "value": value, "description": shown})


def static_select(
    action_id: str,
    placeholder: str,
    options: Sequence[Element],
    *,
    initial: str | None = None,
    confirm: Element | None = None,
) -> Element:
    """Return a menu of 1 to 100 options; those beyond are left out. `initial` is the value chosen at first.

    Raises ValueError without options, or where `initial` is none of them.
    """
    if not options:
        raise ValueError("a menu needs an option")
    shown = list(options[:100])
    chosen = [each for each in shown if each["value"] == initial]
    if initial is not None and not chosen:
        raise ValueError(f"{initial!r} is none of the menu's options")
    return trim(
        {
            "type": "static_select",
            "action_id": check_id(action_id, "an action id"),
            "placeholder": plain_text(placeholder, 150),
            "options": shown,
            "initial_option": chosen[0] if chosen else None,
            "confirm": confirm,
        }
    )


def plain_text_input(
    action_id: str,
    *,
    multiline: bool = False,
    placeholder: str | None = None,
    initial: str | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
) -> Element:
    """Return a field to write in (at most 3,000 characters). Raises ValueError for lengths out of range."""
    low, high = min_length or 0, max_length or 3000
    if not 0 <= low <= high <= 3000:
        raise ValueError("the lengths of an input lie between 0 and 3,000")
    filled = mrkdwn.truncate(mrkdwn.clean(initial), high) if initial else None
    return trim(
        {
            "type": "plain_text_input",
            "action_id": check_id(action_id, "an action id"),
            "multiline": multiline,
            "placeholder": None if placeholder is None else plain_text(placeholder, 150),
            "initial_value": filled or None,
            "min_length": min_length,
            "max_length": max_length,
        }
    )


def check_unique(ids: Iterable[str], what: str) -> None:
    """Raise ValueError where an id comes twice: Slack refuses the message."""
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{what} {each!r} comes twice")
        seen.add(each)
