"""Files that were uploaded: Slack's file objects, and their bytes, the newest hundred."""

import time
from typing import Any

from sandbox.desk import Desk
from sandbox.event import announce
from sandbox.identity import TEAM_DOMAIN
from sandbox.workspace import Channel

MAX_BYTES = 1024 * 1024
KEPT = 100


def add_file(
    desk: Desk, channel: Channel, user: str, name: str, title: str, mimetype: str, content: bytes
) -> dict[str, Any]:
    """Keep a file and tell `file_shared`; return Slack's file object."""
    file_id = desk.ids.make("F")
    link = f"{desk.url}/files/{file_id}/{name}"
    now = int(time.time())
    filetype = name.rsplit(".", 1)[-1].lower() if "." in name else "text"
    file: dict[str, Any] = {
        "id": file_id,
        "created": now,
        "timestamp": now,
        "name": name,
        "title": title,
        "mimetype": mimetype,
        "filetype": filetype,
        "pretty_type": filetype.upper(),
        "user": user,
        "editable": False,
        "size": len(content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": channel.kind == "channel",
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": link,
        "url_private_download": link,
        "permalink": f"https://{TEAM_DOMAIN}.slack.com/files/{user}/{file_id}/{name}",
        "has_rich_preview": False,
        "media_display_type": "unknown",
    }
    files = desk.workspace.files
    if len(files) >= KEPT:
        files.pop(next(iter(files)))
    files[file_id] = (file, content)
    event = {
        "type": "file_shared",
        "file_id": file_id,
        "file": {"id": file_id},
        "user_id": user,
        "channel_id": channel.id,
        "event_ts": desk.ids.timestamp(),
    }
    announce(desk, event, channel)
    return file
