"""Interactive elements: a table of types, each with its rule."""

from collections.abc import Iterator
from typing import Any

from sandbox.validator.rule import Block, Problem, Rule, check_count, check_length, check_nothing, check_text


def check_element(element: Any, at: str) -> Iterator[Problem]:
    """An interactive element with its type, ids, placeholder and confirmation."""
    if not isinstance(element, dict):
        yield Problem(at, "missing required field: element")
        return
    kind = str(element.get("type"))
    if kind not in ELEMENTS:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    yield from check_length(element.get("action_id"), f"{at}/action_id", 255)
    if element.get("placeholder") is not None:
        yield from check_text(element["placeholder"], f"{at}/placeholder", 150, plain=True)
    if element.get("confirm") is not None:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")
    yield from ELEMENTS[kind](element, at)


def check_image(block: Block, at: str) -> Iterator[Problem]:
    """An image, as a block or as an element."""
    if not block.get("image_url") and not block.get("slack_file"):
        yield Problem(at, "missing required field: image_url or slack_file")
    yield from check_length(block.get("image_url"), f"{at}/image_url", 3000)
    if not block.get("alt_text"):
        yield Problem(at, "missing required field: alt_text")
    yield from check_length(block.get("alt_text"), f"{at}/alt_text", 2000)


def _check_button(element: Block, at: str) -> Iterator[Problem]:
    yield from check_text(element.get("text"), f"{at}/text", 75, plain=True)
    yield from check_length(element.get("value"), f"{at}/value", 2000)
    yield from check_length(element.get("url"), f"{at}/url", 3000)
    if element.get("style") not in (None, "primary", "danger"):
        yield Problem(f"{at}/style", "must be one of: primary, danger")


def _check_confirm(confirm: Any, at: str) -> Iterator[Problem]:
    if not isinstance(confirm, dict):
        yield Problem(at, "must be an object")
        return
    yield from check_text(confirm.get("title"), f"{at}/title", 100, plain=True)
    yield from check_text(confirm.get("text"), f"{at}/text", 300)
    for name in ("confirm", "deny"):
        if confirm.get(name) is not None:
            yield from check_text(confirm[name], f"{at}/{name}", 30, plain=True)


def _check_options(element: Block, at: str) -> Iterator[Problem]:
    if element.get("option_groups") is not None:
        yield from check_count(element["option_groups"], f"{at}/option_groups", 1, 100)
        groups = element["option_groups"] if isinstance(element["option_groups"], list) else []
        for number, group in enumerate(groups):
            if not isinstance(group, dict):
                yield Problem(f"{at}/option_groups/{number}", "must be an object")
                continue
            yield from _check_option_list(group.get("options"), f"{at}/option_groups/{number}/options", 100)
        return
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(str(element.get("type")), 100)
    yield from _check_option_list(element.get("options"), f"{at}/options", most)


def _check_option_list(options: Any, at: str, most: int) -> Iterator[Problem]:
    yield from check_count(options, at, 1, most)
    for number, option in enumerate(options if isinstance(options, list) else []):
        if not isinstance(option, dict):
            yield Problem(f"{at}/{number}", "must be an object")
            continue
        yield from check_text(option.get("text"), f"{at}/{number}/text", 75)
        if not isinstance(option.get("value"), str):
            yield Problem(f"{at}/{number}/value", "missing required field: value")
        yield from check_length(option.get("value"), f"{at}/{number}/value", 150)


_PLAIN_ELEMENTS = """
    channels_select conversations_select datepicker datetimepicker email_text_input external_select
    feedback_buttons file_input icon_button multi_channels_select multi_conversations_select
    multi_external_select multi_users_select number_input plain_text_input rich_text_input timepicker
    url_text_input users_select workflow_button
"""
_OPTION_ELEMENTS = ("static_select", "multi_static_select", "overflow", "checkboxes", "radio_buttons")
ELEMENTS: dict[str, Rule] = {
    **dict.fromkeys(_PLAIN_ELEMENTS.split(), check_nothing),
    **dict.fromkeys(_OPTION_ELEMENTS, _check_options),
    "button": _check_button,
    "image": check_image,
}
