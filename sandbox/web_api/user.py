"""users.*, usergroups.*: people, bots and groups of people."""

from typing import Any

from sandbox.identity import TEAM_ID
from sandbox.seed import ADMINS
from sandbox.web_api.call import Call, SlackError
from sandbox.web_api.conversation import cut_page, next_page
from sandbox.workspace import User

Answer = dict[str, Any]
_UPDATED = 1_700_000_000


def describe_user(user: User, with_email: bool) -> Answer:
    """Return Slack's user object; the address only where the scope users:read.email is granted."""
    profile: Answer = {
        "title": user.title,
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "status_emoji": "",
        "team": TEAM_ID,
    }
    if user.is_bot:
        profile["bot_id"] = user.bot_id
    elif with_email:
        profile["email"] = _email(user)
    return {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "deleted": False,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": user.id in ADMINS,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": _UPDATED,
        "is_email_confirmed": True,
    }


def info(call: Call) -> Answer:
    """users.info."""
    return {"user": describe_user(call.user(), _may_see_email(call))}


def list_all(call: Call) -> Answer:
    """users.list."""
    users = list(call.desk.workspace.users.values())
    page, cursor = cut_page(call, users, 1000)
    return {
        "members": [describe_user(item, _may_see_email(call)) for item in page],
        "cache_ts": _UPDATED,
        **next_page(cursor),
    }


def look_up_by_email(call: Call) -> Answer:
    """users.lookupByEmail: `users_not_found`."""
    wanted = call.require("email", "users_not_found").lower()
    for user in call.desk.workspace.users.values():
        if not user.is_bot and _email(user) == wanted:
            return {"user": describe_user(user, with_email=True)}
    raise SlackError("users_not_found")


def list_groups(call: Call) -> Answer:
    """usergroups.list."""
    groups = []
    for group_id, group in call.desk.workspace.usergroups.items():
        described = {
            "id": group_id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "is_subteam": True,
            "name": group["name"],
            "handle": group["handle"],
            "description": "",
            "is_external": False,
            "date_create": _UPDATED,
            "date_update": _UPDATED,
            "date_delete": 0,
            "user_count": len(group["users"]),
            "prefs": {"channels": [], "groups": []},
        }
        groups.append(described | ({"users": group["users"]} if call.flag("include_users") else {}))
    return {"usergroups": groups}


def list_group_users(call: Call) -> Answer:
    """usergroups.users.list: `no_such_subteam`."""
    group = call.desk.workspace.usergroups.get(call.require("usergroup", "no_such_subteam"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group["users"])}


def _may_see_email(call: Call) -> bool:
    return "users:read.email" in call.desk.manifest.scopes


def _email(user: User) -> str:
    return f"{user.name}@example.com"
