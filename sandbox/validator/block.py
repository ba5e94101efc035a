"""Blocks: a table of types, each with its rule, and what holds for all the blocks of one surface."""

from collections.abc import Iterator
from typing import Any

from sandbox.validator.element import check_element, check_image
from sandbox.validator.rule import Block, Problem, Rule, check_count, check_length, check_nothing, check_text

MARKDOWN_CHARACTERS = 12_000


def check_blocks(blocks: Any, pointer: str, most: int) -> Iterator[Problem]:
    """The blocks of a message or a view, at most `most` of them."""
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
        block_id = str(block.get("block_id") or "")
        if block_id in seen:
            yield Problem(f"{at}/block_id", f"`block_id` already exists: {block_id}")
        if block_id:
            seen.add(block_id)
        if block.get("type") == "markdown":
            markdown += len(str(block.get("text") or ""))
    if markdown > MARKDOWN_CHARACTERS:
        yield Problem(
            pointer, f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters together"
        )


def _check_block(block: Block, at: str) -> Iterator[Problem]:
    rule = BLOCKS.get(str(block.get("type")))
    if rule is None:
        yield Problem(f"{at}/type", f"unsupported type: {block.get('type')}")
        return
    yield from check_length(block.get("block_id"), f"{at}/block_id", 255)
    yield from rule(block, at)
    yield from _check_action_ids(block, at)


def _check_action_ids(block: Block, at: str) -> Iterator[Problem]:
    elements = block.get("elements") if block.get("type") in ("actions", "context_actions") else []
    listed = [item for item in elements if isinstance(item, dict)] if isinstance(elements, list) else []
    ids = [str(item["action_id"]) for item in listed if item.get("action_id")]
    for action_id in sorted({item for item in ids if ids.count(item) > 1}):
        yield Problem(f"{at}/elements", f"`action_id` already exists: {action_id}")


def _check_section(block: Block, at: str) -> Iterator[Problem]:
    if block.get("text") is None and not block.get("fields"):
        yield Problem(at, "missing required field: text or fields")
    if block.get("text") is not None:
        yield from check_text(block["text"], f"{at}/text", 3000)
    if block.get("fields") is not None:
        yield from check_count(block["fields"], f"{at}/fields", 1, 10)
        for number, item in enumerate(block["fields"] if isinstance(block["fields"], list) else []):
            yield from check_text(item, f"{at}/fields/{number}", 2000)
    if block.get("accessory") is not None:
        yield from check_element(block["accessory"], f"{at}/accessory")


def _check_header(block: Block, at: str) -> Iterator[Problem]:
    yield from check_text(block.get("text"), f"{at}/text", 150, plain=True)


def _check_actions(block: Block, at: str) -> Iterator[Problem]:
    yield from check_count(block.get("elements"), f"{at}/elements", 1, 25)
    yield from _check_elements(block, at)


def _check_context_actions(block: Block, at: str) -> Iterator[Problem]:
    yield from check_count(block.get("elements"), f"{at}/elements", 1, 5)


def _check_elements(block: Block, at: str) -> Iterator[Problem]:
    elements = block.get("elements")
    for number, element in enumerate(elements if isinstance(elements, list) else []):
        yield from check_element(element, f"{at}/elements/{number}")


def _check_context(block: Block, at: str) -> Iterator[Problem]:
    yield from check_count(block.get("elements"), f"{at}/elements", 1, 10)
    elements = block.get("elements")
    for number, element in enumerate(elements if isinstance(elements, list) else []):
        here = f"{at}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from check_image(element, here)
        else:
            yield from check_text(element, here, 3000)


def _check_input(block: Block, at: str) -> Iterator[Problem]:
    yield from check_text(block.get("label"), f"{at}/label", 2000, plain=True)
    if block.get("hint") is not None:
        yield from check_text(block["hint"], f"{at}/hint", 2000, plain=True)
    yield from check_element(block.get("element"), f"{at}/element")


def _check_markdown(block: Block, at: str) -> Iterator[Problem]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield Problem(at, "missing required field: text")
    yield from check_length(block.get("text"), f"{at}/text", MARKDOWN_CHARACTERS)


def _check_rich_text(block: Block, at: str) -> Iterator[Problem]:
    if not isinstance(block.get("elements"), list):
        yield Problem(at, "missing required field: elements")


def _check_table(block: Block, at: str) -> Iterator[Problem]:
    yield from check_count(block.get("rows"), f"{at}/rows", 1, 100)
    for number, row in enumerate(block["rows"] if isinstance(block.get("rows"), list) else []):
        yield from check_count(row, f"{at}/rows/{number}", 1, 20)


BLOCKS: dict[str, Rule] = {
    "section": _check_section,
    "header": _check_header,
    "actions": _check_actions,
    "context": _check_context,
    "context_actions": _check_context_actions,
    "divider": check_nothing,
    "image": check_image,
    "input": _check_input,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "table": _check_table,
    "alert": check_nothing,
    "call": check_nothing,
    "card": check_nothing,
    "carousel": check_nothing,
    "container": check_nothing,
    "data_table": check_nothing,
    "data_visualization": check_nothing,
    "file": check_nothing,
    "plan": check_nothing,
    "task_card": check_nothing,
    "video": check_nothing,
}
