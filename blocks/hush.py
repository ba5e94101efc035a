"""Who is disturbed by a message. Slack notifies everybody whom a new message mentions, and nobody by an update."""

import re
from dataclasses import replace
from typing import Any

from domain.card import Content

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
NOBODY = "…"


def hush(content: Content) -> Content:
    """The content as it is posted first: only those in `calls` are mentioned. An update shows the others.

    What a person wrote is escaped already, so that every mention in it is ours.
    """
    return replace(
        content, text=_hush(content.text, content.calls), blocks=_hush(content.blocks, content.calls)
    )


def _hush(value: Any, calls: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return _MENTION.sub(lambda found: found[0] if found[1] in calls else NOBODY, value)
    if isinstance(value, dict):
        # A fixed-width box shows every character as it is and mentions nobody.
        return value if value.get("type") == "rich_text" else {k: _hush(v, calls) for k, v in value.items()}
    return [_hush(each, calls) for each in value] if isinstance(value, list) else value
