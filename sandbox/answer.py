"""Answers to a command or a click: the message in an ack, or what is posted to a response URL."""

from dataclasses import replace
from typing import Any

from sandbox.desk import Desk
from sandbox.message import Draft, change, delete, describe, post_as_bot
from sandbox.response_url import ResponseUrl
from sandbox.validator import Problem, check_message_blocks
from sandbox.view import with_ids
from sandbox.workspace import Channel, Message


class AnswerError(Exception):
    """The answer cannot be shown; the text is Slack's error code."""


def apply_answer(desk: Desk, url: ResponseUrl, answer: dict[str, Any]) -> dict[str, Any] | None:
    """Show an answer where it belongs; return it as `/_sandbox/state` shows messages (None when one went).

    Raises AnswerError: `no_text`, `invalid_blocks`, `channel_not_found`, `message_not_found`.
    """
    channel = desk.workspace.channels.get(url.channel)
    if channel is None:
        raise AnswerError("channel_not_found")
    original = channel.messages.get(url.message_ts or "")
    if answer.get("delete_original"):
        if original is None:
            raise AnswerError("message_not_found")
        delete(desk, channel, original)
        return None
    draft = _read_draft(answer)
    if original is not None and answer.get("replace_original"):
        changes = {
            "text": draft.text,
            "blocks": with_ids(draft.blocks, desk.ids) or None,
            "attachments": draft.attachments or None,
        }
        change(desk, channel, original, changes, editor="")
        return describe(original) | {"response_type": "replace_original"}
    return _post(desk, channel, url, answer, draft)


def _post(
    desk: Desk, channel: Channel, url: ResponseUrl, answer: dict[str, Any], draft: Draft
) -> dict[str, Any]:
    public = answer.get("response_type") == "in_channel"
    original: Message | None = channel.messages.get(url.message_ts or "")
    thread_ts = answer.get("thread_ts")
    if thread_ts is None and original is not None and original.is_reply:
        thread_ts = original.thread_ts
    draft = replace(draft, thread_ts=thread_ts)
    message = post_as_bot(desk, channel, draft, ephemeral_to=None if public else url.user)
    return describe(message) | {"response_type": "in_channel" if public else "ephemeral"}


def _read_draft(answer: dict[str, Any]) -> Draft:
    text, blocks = str(answer.get("text") or ""), answer.get("blocks") or []
    attachments = answer.get("attachments") or []
    if not (text or blocks or attachments):
        raise AnswerError("no_text")
    problems: list[Problem] = check_message_blocks(blocks) if blocks else []
    if problems:
        raise AnswerError("invalid_blocks")
    return Draft(text=text, blocks=blocks, attachments=attachments, metadata=answer.get("metadata"))
