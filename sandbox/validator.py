"""Block Kit's documented rules, in a first cut: types, required fields, lengths, counts, duplicate ids.

Pure: dicts in, problems out. The later complete validator keeps these entry points.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]
Rule = Callable[[Any, str], Iterator["Problem"]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where, as a JSON pointer."""

    pointer: str
    message: str

    def __str__(self) -> str:
        """Write it as Slack's response_metadata.messages do."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MARKDOWN_CHARACTERS = 12_000


def check_message_blocks(blocks: Any) -> list[Problem]:
    """Check the blocks of a message."""
    return list(_check_blocks(blocks, "/blocks", MESSAGE_BLOCKS))


def check_view(view: Any) -> list[Problem]:
    """Check a modal or a home tab."""
    if not isinstance(view, dict):
        return [Problem("/view", "must be an object")]
    return list(_check_view(view))


def _check_view(view: dict[str, Any]) -> Iterator[Problem]:
    kind = view.get("type")
    if kind not in ("modal", "home"):
        yield Problem("/view/type", "must be one of: modal, home")
    yield from _check_blocks(view.get("blocks"), "/view/blocks", VIEW_BLOCKS)
    if kind == "modal":
        yield from _check_text(view.get("title"), "/view/title", 24, plain=True)
        for name in ("submit", "close"):
            if view.get(name) is not None:
                yield from _check_text(view[name], f"/view/{name}", 24, plain=True)
        has_input = any(
            isinstance(item, dict) and item.get("type") == "input" for item in view.get("blocks") or []
        )
        if has_input and not view.get("submit"):
            yield Problem("/view/submit", "missing required field: submit (the view has an input block)")
    yield from _check_length(view.get("private_metadata"), "/view/private_metadata", 3000)
    yield from _check_length(view.get("callback_id"), "/view/callback_id", 255)


def _check_blocks(blocks: Any, pointer: str, most: int) -> Iterator[Problem]:
    if not isinstance(blocks, list):
        yield Problem(pointer, "must be an array")
        return
    if len(blocks) > most:
        yield Problem(pointer, f"no more than {most} items allowed")
        return
    seen: set[str] = set()
    markdown = 0
    for number, block in enumerate(blocks):
        at = f"{pointer}/{number}"
        if not isinstance(block, dict):
            yield Problem(at, "must be an object")
            continue
        yield from _check_block(block, at)
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield Problem(f"{at}/block_id", f"`block_id` already exists: {block_id}")
        seen.add(block_id or f"#{number}")
        if block.get("type") == "markdown":
            markdown += len(str(block.get("text") or ""))
    if markdown > MARKDOWN_CHARACTERS:
        yield Problem(
            pointer, f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters together"
        )


def _check_block(block: Block, at: str) -> Iterator[Problem]:
    rule = BLOCKS.get(block.get("type", ""))
    if rule is None:
        yield Problem(f"{at}/type", f"unsupported type: {block.get('type')}")
        return
    yield from _check_length(block.get("block_id"), f"{at}/block_id", 255)
    yield from rule(block, at)
    yield from _check_action_ids(block, at)


def _check_action_ids(block: Block, at: str) -> Iterator[Problem]:
    elements = block.get("elements") if block.get("type") in ("actions", "context_actions") else []
    ids = [
        str(item["action_id"]) for item in elements or [] if isinstance(item, dict) and item.get("action_id")
    ]
    for action_id in sorted({item for item in ids if ids.count(item) > 1}):
        yield Problem(f"{at}/elements", f"`action_id` already exists: {action_id}")


def _check_length(value: Any, at: str, most: int, least: int = 0) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, "must be a string")
    elif len(value) > most:
        yield Problem(at, f"must be less than {most + 1} characters")
    elif len(value) < least:
        yield Problem(at, f"must be more than {least - 1} characters")


def _check_text(value: Any, at: str, most: int, plain: bool = False) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(at, "missing required field: text object")
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield Problem(f"{at}/type", f"must be one of: {', '.join(kinds)}")
    if not isinstance(value.get("text"), str):
        yield Problem(f"{at}/text", "missing required field: text")
    else:
        yield from _check_length(value["text"], f"{at}/text", most, least=1)


def _check_count(value: Any, at: str, least: int, most: int) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(at, "missing required field: must be an array")
    elif len(value) < least:
        yield Problem(at, f"no fewer than {least} items allowed")
    elif len(value) > most:
        yield Problem(at, f"no more than {most} items allowed")


def _check_section(block: Block, at: str) -> Iterator[Problem]:
    if block.get("text") is None and not block.get("fields"):
        yield Problem(at, "missing required field: text or fields")
    if block.get("text") is not None:
        yield from _check_text(block["text"], f"{at}/text", 3000)
    if block.get("fields") is not None:
        yield from _check_count(block["fields"], f"{at}/fields", 1, 10)
        for number, item in enumerate(block["fields"] if isinstance(block["fields"], list) else []):
            yield from _check_text(item, f"{at}/fields/{number}", 2000)
    if block.get("accessory") is not None:
        yield from _check_element(block["accessory"], f"{at}/accessory")


def _check_header(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_text(block.get("text"), f"{at}/text", 150, plain=True)


def _check_actions(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_count(block.get("elements"), f"{at}/elements", 1, 25)
    yield from _check_elements(block, at)


def _check_context_actions(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_count(block.get("elements"), f"{at}/elements", 1, 5)


def _check_elements(block: Block, at: str) -> Iterator[Problem]:
    elements = block.get("elements")
    for number, element in enumerate(elements if isinstance(elements, list) else []):
        yield from _check_element(element, f"{at}/elements/{number}")


def _check_context(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_count(block.get("elements"), f"{at}/elements", 1, 10)
    elements = block.get("elements")
    for number, element in enumerate(elements if isinstance(elements, list) else []):
        here = f"{at}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _check_image(element, here)
        else:
            yield from _check_text(element, here, 3000)


def _check_image(block: Block, at: str) -> Iterator[Problem]:
    if not block.get("image_url") and not block.get("slack_file"):
        yield Problem(at, "missing required field: image_url or slack_file")
    yield from _check_length(block.get("image_url"), f"{at}/image_url", 3000)
    if not block.get("alt_text"):
        yield Problem(at, "missing required field: alt_text")
    yield from _check_length(block.get("alt_text"), f"{at}/alt_text", 2000)


def _check_input(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_text(block.get("label"), f"{at}/label", 2000, plain=True)
    if block.get("hint") is not None:
        yield from _check_text(block["hint"], f"{at}/hint", 2000, plain=True)
    yield from _check_element(block.get("element"), f"{at}/element")


def _check_markdown(block: Block, at: str) -> Iterator[Problem]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield Problem(at, "missing required field: text")
    yield from _check_length(block.get("text"), f"{at}/text", MARKDOWN_CHARACTERS)


def _check_rich_text(block: Block, at: str) -> Iterator[Problem]:
    if not isinstance(block.get("elements"), list):
        yield Problem(at, "missing required field: elements")


def _check_table(block: Block, at: str) -> Iterator[Problem]:
    yield from _check_count(block.get("rows"), f"{at}/rows", 1, 100)
    for number, row in enumerate(block["rows"] if isinstance(block.get("rows"), list) else []):
        yield from _check_count(row, f"{at}/rows/{number}", 1, 20)


def _check_nothing(_block: Block, _at: str) -> Iterator[Problem]:
    yield from ()


def _check_element(element: Any, at: str) -> Iterator[Problem]:
    if not isinstance(element, dict):
        yield Problem(at, "missing required field: element")
        return
    kind = element.get("type", "")
    if kind not in ELEMENTS:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    yield from _check_length(element.get("action_id"), f"{at}/action_id", 255)
    if element.get("placeholder") is not None:
        yield from _check_text(element["placeholder"], f"{at}/placeholder", 150, plain=True)
    if element.get("confirm") is not None:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")
    yield from ELEMENTS[kind](element, at)


def _check_button(element: Block, at: str) -> Iterator[Problem]:
    yield from _check_text(element.get("text"), f"{at}/text", 75, plain=True)
    yield from _check_length(element.get("value"), f"{at}/value", 2000)
    yield from _check_length(element.get("url"), f"{at}/url", 3000)
    if element.get("style") not in (None, "primary", "danger"):
        yield Problem(f"{at}/style", "must be one of: primary, danger")


def _check_confirm(confirm: Any, at: str) -> Iterator[Problem]:
    if not isinstance(confirm, dict):
        yield Problem(at, "must be an object")
        return
    yield from _check_text(confirm.get("title"), f"{at}/title", 100, plain=True)
    yield from _check_text(confirm.get("text"), f"{at}/text", 300)
    for name in ("confirm", "deny"):
        if confirm.get(name) is not None:
            yield from _check_text(confirm[name], f"{at}/{name}", 30, plain=True)


def _check_options(element: Block, at: str) -> Iterator[Problem]:
    if element.get("option_groups") is not None:
        yield from _check_count(element["option_groups"], f"{at}/option_groups", 1, 100)
        for number, group in enumerate(element["option_groups"]):
            yield from _check_option_list(group.get("options"), f"{at}/option_groups/{number}/options", 100)
        return
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(str(element.get("type")), 100)
    yield from _check_option_list(element.get("options"), f"{at}/options", most)


def _check_option_list(options: Any, at: str, most: int) -> Iterator[Problem]:
    yield from _check_count(options, at, 1, most)
    for number, option in enumerate(options if isinstance(options, list) else []):
        if not isinstance(option, dict):
            yield Problem(f"{at}/{number}", "must be an object")
            continue
        yield from _check_text(option.get("text"), f"{at}/{number}/text", 75)
        if not isinstance(option.get("value"), str):
            yield Problem(f"{at}/{number}/value", "missing required field: value")
        yield from _check_length(option.get("value"), f"{at}/{number}/value", 150)


BLOCKS: dict[str, Rule] = {
    "section": _check_section,
    "header": _check_header,
    "actions": _check_actions,
    "context": _check_context,
    "context_actions": _check_context_actions,
    "divider": _check_nothing,
    "image": _check_image,
    "input": _check_input,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "table": _check_table,
    "alert": _check_nothing,
    "call": _check_nothing,
    "card": _check_nothing,
    "carousel": _check_nothing,
    "container": _check_nothing,
    "data_table": _check_nothing,
    "data_visualization": _check_nothing,
    "file": _check_nothing,
    "plan": _check_nothing,
    "task_card": _check_nothing,
    "video": _check_nothing,
}
_PLAIN_ELEMENTS = """
    channels_select conversations_select datepicker datetimepicker email_text_input external_select
    feedback_buttons file_input icon_button multi_channels_select multi_conversations_select
    multi_external_select multi_users_select number_input plain_text_input rich_text_input timepicker
    url_text_input users_select workflow_button
"""
_OPTION_ELEMENTS = ("static_select", "multi_static_select", "overflow", "checkboxes", "radio_buttons")
ELEMENTS: dict[str, Rule] = {
    **dict.fromkeys(_PLAIN_ELEMENTS.split(), _check_nothing),
    **dict.fromkeys(_OPTION_ELEMENTS, _check_options),
    "button": _check_button,
    "image": _check_image,
}
