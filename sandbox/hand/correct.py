"""What a person does to messages that are there: edit, delete, react; and uploading a file."""

import base64
import binascii
import mimetypes

from sandbox.composer import compose
from sandbox.file import MAX_BYTES, add_file
from sandbox.hand.gesture import Answer, Gesture, HandError
from sandbox.message import change, delete, post_as_person
from sandbox.reaction import ReactionError, add_reaction, remove_reaction
from sandbox.seed import ADMINS


async def edit(gesture: Gesture) -> Answer:
    """Edit one's own message: `{user, channel, ts, text}`."""
    user = gesture.user()
    channel = gesture.joined(user)
    message = gesture.message(channel, user)
    if message.body.get("user") != user.id:
        raise HandError("cant_update_message", "People edit their own messages only: act as the author.")
    composed = compose(gesture.desk.workspace, gesture.require("text"))
    changes = {"text": composed.text, "blocks": composed.blocks(gesture.desk.ids.block())}
    change(gesture.desk, channel, message, changes, editor=user.id)
    return {"ts": message.ts}


async def remove(gesture: Gesture) -> Answer:
    """Delete a message: `{user, channel, ts}`. Admins delete any; everybody dismisses what only they see."""
    user = gesture.user()
    channel = gesture.joined(user)
    message = gesture.message(channel, user)
    own = message.body.get("user") == user.id or message.ephemeral_to == user.id
    if not own and user.id not in ADMINS:
        detail = f"People delete their own messages, admins any: act as the author or {' or '.join(ADMINS)}."
        raise HandError("cant_delete_message", detail)
    delete(gesture.desk, channel, message)
    return {"ts": message.ts}


async def react(gesture: Gesture) -> Answer:
    """Add a reaction, or take it back: `{user, channel, ts, name, remove?}`."""
    user = gesture.user()
    channel = gesture.joined(user)
    message = gesture.message(channel, user)
    name = (gesture.text("name") or gesture.text("reaction") or gesture.require("emoji")).strip(":")
    act = remove_reaction if gesture.body.get("remove") else add_reaction
    try:
        act(gesture.desk, channel, message, user.id, name)
    except ReactionError as error:
        raise HandError(
            str(error), f"{user.id} cannot do that with :{name}: here: see reactions in the state."
        ) from None
    return {"ts": message.ts}


async def upload(gesture: Gesture) -> Answer:
    """Upload a file: `{user, channel, name, content | content_base64, text?, title?, thread_ts?}`."""
    user = gesture.user()
    channel = gesture.joined(user)
    name = gesture.text("name") or gesture.require("filename")
    content = _read_content(gesture)
    mimetype = gesture.text("mimetype") or mimetypes.guess_type(name)[0] or "text/plain"
    file = add_file(gesture.desk, channel, user.id, name, gesture.text("title") or name, mimetype, content)
    thread_ts = gesture.text("thread_ts") or None
    message = post_as_person(gesture.desk, channel, user, gesture.text("text"), thread_ts, files=[file])
    return {"ts": message.ts, "file_id": file["id"]}


def _read_content(gesture: Gesture) -> bytes:
    try:
        encoded = gesture.text("content_base64")
        content = base64.b64decode(encoded, validate=True) if encoded else gesture.text("content").encode()
    except binascii.Error:
        raise HandError("invalid_arguments", "'content_base64' is not base64: encode the bytes.") from None
    if len(content) > MAX_BYTES:
        raise HandError("file_too_large", f"A file here holds at most {MAX_BYTES} bytes: send a smaller one.")
    return content
