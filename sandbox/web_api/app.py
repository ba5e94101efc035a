"""auth.*, api.*, apps.*, team.*, bots.*: who the app is and where it connects."""

from typing import Any

from sandbox.identity import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from sandbox.web_api.call import Call, SlackError

Answer = dict[str, Any]


def api_test(call: Call) -> Answer:
    """api.test: echoes its arguments; `error` makes it fail."""
    arguments = {key: value for key, value in call.arguments.items() if key != "token"}
    error = call.text("error")
    if error is not None:
        raise SlackError(error, args=arguments)
    return {"args": arguments}


def auth_test(_call: Call) -> Answer:
    """auth.test."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": BOT_NAME.lower(),
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Answer:
    """apps.connections.open: a single-use address for one Socket Mode connection."""
    address = call.desk.url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={call.desk.sockets.open_ticket()}&app_id={APP_ID}"}


def team_info(_call: Call) -> Answer:
    """team.info."""
    return {
        "team": {
            "id": TEAM_ID,
            "name": TEAM_NAME,
            "domain": TEAM_DOMAIN,
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


def bots_info(call: Call) -> Answer:
    """bots.info: `bot_not_found` for an unknown bot id."""
    wanted = call.text("bot") or BOT_ID
    for user in call.desk.workspace.users.values():
        if user.bot_id == wanted:
            return {
                "bot": {
                    "id": wanted,
                    "deleted": False,
                    "name": user.real_name,
                    "updated": 1_700_000_000,
                    "app_id": APP_ID if wanted == BOT_ID else "A0BUILDBOT",
                    "user_id": user.id,
                    "icons": {"image_36": "", "image_48": "", "image_72": ""},
                }
            }
    raise SlackError("bot_not_found")
