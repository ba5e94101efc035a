"""Who and what exists when the sandbox starts."""

from sandbox.identity import BOT_ID, BOT_NAME, BOT_USER_ID, IdSource
from sandbox.workspace import Channel, User, Workspace

BUILD_BOT = "U0BUILDBOT"
ADMINS = ("U0LEAD", "U0MANAGER")
PEOPLE = (
    User("U0DEV", "dev", "Dev", "Developer"),
    User("U0LEAD", "lead", "Lead", "Tech lead"),
    User("U0ONCALL", "oncall", "On-call", "Engineer on call"),
    User("U0MANAGER", "manager", "Manager", "Engineering manager"),
)
CHANNELS = (
    ("C0OPS", "ops", True, "Deployments and operations"),
    ("C0INCIDENTS", "incidents", True, "One thread an incident"),
    ("C0ENG", "engineering", True, "Everything about building"),
    ("C0RANDOM", "random", False, "Everything else"),
)


def seed_workspace(ids: IdSource) -> Workspace:
    """Return a workspace with the people, the bots and the channels that always exist."""
    workspace = Workspace(ids)
    for person in PEOPLE:
        workspace.users[person.id] = User(person.id, person.name, person.real_name, person.title)
    workspace.users[BOT_USER_ID] = User(BOT_USER_ID, BOT_NAME.lower(), BOT_NAME, is_bot=True, bot_id=BOT_ID)
    workspace.users[BUILD_BOT] = User(BUILD_BOT, "buildbot", "Build Bot", is_bot=True, bot_id="B0BUILDBOT")
    everyone = [person.id for person in PEOPLE]
    for channel_id, name, with_bot, topic in CHANNELS:
        members = [*everyone, BOT_USER_ID] if with_bot else list(everyone)
        workspace.channels[channel_id] = Channel(channel_id, name, members, creator="U0MANAGER", topic=topic)
    workspace.channels["C0OPS"].members.append(BUILD_BOT)
    for person in PEOPLE:
        workspace.open_direct(workspace.users[person.id])
    workspace.usergroups["S0ONCALL"] = {"handle": "on-call", "name": "On call", "users": ["U0ONCALL"]}
    workspace.usergroups["S0LEADS"] = {"handle": "leads", "name": "Leads", "users": ["U0LEAD", "U0MANAGER"]}
    return workspace
