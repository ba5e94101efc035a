"""chat.*: posting, changing, deleting."""

import re
from typing import Any

from sandbox.identity import BOT_ID, BOT_USER_ID, TEAM_DOMAIN
from sandbox.message import Draft, change, delete, post_as_bot
from sandbox.validator import check_message_blocks
from sandbox.view import with_ids
from sandbox.web_api.call import Call, SlackError
from sandbox.workspace import Channel, Message

Answer = dict[str, Any]
MAX_TEXT = 40_000
MAX_BLOCK_TEXT = 13_200  # not documented; where Slack begins to answer msg_blocks_too_long
_EVENT_TYPE = re.compile(r"^[A-Za-z0-9_.\-]{1,255}$")


def post_message(call: Call) -> Answer:
    """chat.postMessage."""
    channel = _find_target(call)
    draft = _read_draft(call)
    message = post_as_bot(call.desk, channel, draft)
    return {"channel": channel.id, "ts": message.ts, "message": message.body}


def post_ephemeral(call: Call) -> Answer:
    """chat.postEphemeral: `user_not_in_channel` unless the person is there."""
    channel = _find_target(call)
    user = call.user()
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = post_as_bot(call.desk, channel, _read_draft(call), ephemeral_to=user.id)
    return {"message_ts": message.ts}


def update(call: Call) -> Answer:
    """chat.update: text without blocks takes the blocks away; metadata and attachments stay unless given."""
    channel = call.member_channel()
    message = _own_message(call, channel, "cant_update_message")
    draft = _read_draft(call)
    changes: dict[str, Any] = {"text": draft.text}
    if draft.blocks or "blocks" in call.arguments or draft.text:
        changes["blocks"] = with_ids(draft.blocks, call.desk.ids) or None
    if "attachments" in call.arguments:
        changes["attachments"] = draft.attachments or None
    if draft.metadata is not None:
        changes["metadata"] = draft.metadata
    change(call.desk, channel, message, changes, editor=BOT_USER_ID)
    return {"channel": channel.id, "ts": message.ts, "text": draft.text, "message": message.body}


def delete_message(call: Call) -> Answer:
    """chat.delete."""
    channel = call.member_channel()
    message = _own_message(call, channel, "cant_delete_message")
    delete(call.desk, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Answer:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _find_target(call: Call) -> Channel:
    name = call.require("channel", "channel_not_found")
    workspace = call.desk.workspace
    user = workspace.users.get(name)
    if user is not None:
        if user.is_bot:
            raise SlackError("cannot_dm_bot")
        return workspace.open_direct(user)
    channel = workspace.find_channel(name)
    if channel is None:
        raise SlackError("channel_not_found")
    if BOT_USER_ID not in channel.members:
        _refuse_stranger(call, channel)
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _refuse_stranger(call: Call, channel: Channel) -> None:
    if channel.kind != "channel":
        raise SlackError("channel_not_found")
    if call.method == "chat.postEphemeral" or "chat:write.public" not in call.desk.manifest.scopes:
        raise SlackError("not_in_channel")


def _read_draft(call: Call) -> Draft:
    text = call.text("text") or ""
    blocks = call.structure("blocks", "invalid_blocks_format") or []
    attachments = call.structure("attachments", "invalid_attachments") or []
    markdown = call.text("markdown_text")
    if markdown is not None:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": markdown}]
    if not (text.strip() or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    _check_blocks(blocks)
    return Draft(
        text=text or (markdown or ""),
        blocks=blocks,
        attachments=attachments if isinstance(attachments, list) else [],
        metadata=_read_metadata(call),
        thread_ts=_read_thread(call),
        broadcast=call.flag("reply_broadcast"),
        username=call.text("username") if "chat:write.customize" in call.desk.manifest.scopes else None,
    )


def _check_blocks(blocks: Any) -> None:
    problems = check_message_blocks(blocks)
    if problems:
        messages = [str(problem) for problem in problems]
        raise SlackError(
            "invalid_blocks", errors=[p.message for p in problems], response_metadata={"messages": messages}
        )
    if _count_text(blocks) > MAX_BLOCK_TEXT:
        raise SlackError("msg_blocks_too_long")


def _count_text(value: Any) -> int:
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_count_text(item) for item in value.values() if isinstance(item, dict | list))
    return sum(_count_text(item) for item in value) if isinstance(value, list) else 0


def _read_metadata(call: Call) -> dict[str, Any] | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not _EVENT_TYPE.match(str(metadata.get("event_type") or "")):
        raise SlackError("invalid_metadata_format")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _read_thread(call: Call) -> str | None:
    thread_ts = call.text("thread_ts")
    if thread_ts is not None and not re.fullmatch(r"\d{1,12}\.\d{1,6}", thread_ts):
        raise SlackError("invalid_thread_ts")
    return thread_ts


def _own_message(call: Call, channel: Channel, error: str) -> Message:
    message = call.message(channel, "ts")
    if message.body.get("bot_id") != BOT_ID:
        raise SlackError(error)
    if channel.is_archived:
        raise SlackError("is_archived")
    return message
