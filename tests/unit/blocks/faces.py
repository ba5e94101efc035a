"""What holds for everything that we show: Slack takes it, and nobody else's text becomes markup."""

import json
import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block

from domain.card import Content
from sandbox.validator import check_message_blocks

HOSTILE = (
    "<!channel> <!here|here> @everyone <@U0EVIL> <#C0EVIL|x> <https://evil.example|click> *bold* `code` "
    "https://evil.example mailto:a@evil.example &amp; ``` \n> quote\n\u202e\x00 " + "very long " * 600
)
"""Text as a person or a machine may send it, with everything in it that must not be taken for markup."""

OURS = re.compile(r"<(?:@U0DEV|@U0LEAD|#C0OPS|!date\^\d+\^[^>|]*\|[^>]*)>")


def accept(content: Content) -> Content:
    """Fail unless Slack's own models and the sandbox take the message, and no foreign text is live in it."""
    parsed = Block.parse_all(content.blocks)
    assert [each.to_dict() for each in parsed] == content.blocks
    assert check_message_blocks(content.blocks) == []
    json.dumps(content.blocks).encode()
    assert 0 < len(content.text) <= 3000
    assert "\n" not in content.text
    for shown in (content.text, *_markup(content.blocks)):
        rest = OURS.sub("", shown)
        assert "<" not in rest, rest
        assert not re.search(r"@(here|channel|everyone|group)\b", rest, re.IGNORECASE), rest
    return content


def read(content: Content) -> str:
    """Everything that a person reads in the blocks, one line each."""
    return "\n".join(_texts(content.blocks))


def buttons(content: Content) -> dict[str, str]:
    """Action ids of the buttons and the values they carry."""
    rows = [block["elements"] for block in content.blocks if block["type"] == "actions"]
    return {element["action_id"]: element["value"] for row in rows for element in row}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _texts(inner)


def _markup(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            # Verbatim: Slack makes no links or mentions of what only looks like one.
            assert value["verbatim"] is True
            yield value["text"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _markup(inner)
