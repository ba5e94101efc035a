"""Modals and home tabs: what is open in front of whom. A modal stacks at most three views."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.identity import APP_ID, BOT_ID, TEAM_ID, IdSource

STACK_DEPTH = 3
OPEN_PER_USER = 20

ViewBody = dict[str, Any]


class ViewError(Exception):
    """The view cannot be shown; the text is Slack's error code."""


@dataclass(slots=True)
class View:
    """One view of one person; `body` is Slack's view object, replaced at each update."""

    user: str
    body: ViewBody

    @property
    def id(self) -> str:
        """The id of the view."""
        return str(self.body["id"])


class ViewBook:
    """The modals that are open, each person's stacks, and everyone's home tab."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids
        self.open_views: dict[str, View] = {}
        self.homes: dict[str, View] = {}

    def open(self, user: str, view: ViewBody) -> View:
        """Open a new modal in front of `user`; older ones of the same person are closed."""
        for other in [item for item in self.open_views.values() if item.user == user]:
            del self.open_views[other.id]
        return self._add(user, view, previous=None)

    def push(self, below: View, view: ViewBody) -> View:
        """Stack a view on `below`. Raises ViewError `push_limit_reached` above three."""
        if len(self.stack(below)) >= STACK_DEPTH:
            raise ViewError("push_limit_reached")
        return self._add(below.user, view, previous=below)

    def update(self, view: View, wanted: ViewBody, view_hash: str | None = None) -> None:
        """Replace what a view shows. Raises ViewError `hash_conflict` if it changed since `view_hash`."""
        if view_hash is not None and view_hash != view.body["hash"]:
            raise ViewError("hash_conflict")
        kept = {key: view.body[key] for key in ("id", "root_view_id", "previous_view_id")}
        state = _kept_state(wanted, view.body["state"])
        view.body = self._fill(wanted) | kept | {"state": state}

    def publish(self, user: str, wanted: ViewBody, view_hash: str | None = None) -> View:
        """Show a home tab to `user`."""
        view = self.homes.get(user)
        if view is not None:
            self.update(view, wanted, view_hash)
            return view
        body = self._fill(wanted)
        body |= {"id": self._ids.make("V"), "previous_view_id": None}
        body["root_view_id"] = body["id"]
        self.homes[user] = View(user, body)
        return self.homes[user]

    def find(self, view_id: str | None, external_id: str | None = None) -> View | None:
        """Return the open modal or the home tab with this id (or this external id), or None."""
        views = [*self.open_views.values(), *self.homes.values()]
        for view in views:
            if view.id == view_id or (external_id and view.body["external_id"] == external_id):
                return view
        return None

    def stack(self, view: View) -> list[View]:
        """Return the views of the same modal, bottom first."""
        root = view.body["root_view_id"]
        return [item for item in self.open_views.values() if item.body["root_view_id"] == root]

    def close(self, view: View, whole_stack: bool = False) -> list[View]:
        """Take the view away (or its whole modal) and return what was closed, top first."""
        closed = list(reversed(self.stack(view))) if whole_stack else [view]
        for item in closed:
            self.open_views.pop(item.id, None)
        return closed

    def _add(self, user: str, view: ViewBody, previous: View | None) -> View:
        body = self._fill(view)
        body["id"] = self._ids.make("V")
        body["previous_view_id"] = None if previous is None else previous.id
        body["root_view_id"] = body["id"] if previous is None else previous.body["root_view_id"]
        self.open_views[body["id"]] = View(user, body)
        return self.open_views[body["id"]]

    def _fill(self, view: ViewBody) -> ViewBody:
        return {
            "team_id": TEAM_ID,
            "type": view.get("type", "modal"),
            "blocks": with_ids(view.get("blocks") or [], self._ids),
            "private_metadata": view.get("private_metadata") or "",
            "callback_id": view.get("callback_id") or "",
            "state": {"values": {}},
            "hash": f"{self._ids.timestamp().split('.')[0]}.{secrets.token_hex(4)}",
            "title": view.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(view.get("clear_on_close", False)),
            "notify_on_close": bool(view.get("notify_on_close", False)),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "submit_disabled": bool(view.get("submit_disabled", False)),
            "external_id": view.get("external_id") or "",
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }


def with_ids(blocks: list[dict[str, Any]], ids: IdSource) -> list[dict[str, Any]]:
    """Return the blocks with invented block and action ids where they have none, as Slack stores them."""
    return [_with_ids(block, ids) for block in blocks]


def _with_ids(block: dict[str, Any], ids: IdSource) -> dict[str, Any]:
    named = dict(block)
    named["block_id"] = block.get("block_id") or ids.block()
    if isinstance(block.get("elements"), list) and block.get("type") == "actions":
        named["elements"] = [_with_action_id(item, ids) for item in block["elements"]]
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict) and block[name].get("type") != "image":
            named[name] = _with_action_id(block[name], ids)
    return named


def _with_action_id(element: dict[str, Any], ids: IdSource) -> dict[str, Any]:
    return element if element.get("action_id") else {**element, "action_id": ids.block()}


def _kept_state(wanted: ViewBody, state: dict[str, Any]) -> dict[str, Any]:
    kept_ids = {block.get("block_id") for block in wanted.get("blocks") or []}
    return {"values": {key: value for key, value in state["values"].items() if key in kept_ids}}
