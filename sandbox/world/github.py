"""GitHub's payloads, as far as they carry facts: deployments, pull requests, pushes."""

import zlib
from dataclasses import dataclass
from typing import Any

from sandbox.world.repository import Change, Repository

OWNER = "sandbox"
HOST = "https://github.example"
DEPLOYER = "deployer"

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the payloads of one happening share."""

    repository: Repository
    number: int
    at: str

    @property
    def page(self) -> str:
        """The address of the repository."""
        return f"{HOST}/{OWNER}/{self.repository.name}"

    @property
    def second(self) -> str:
        """The time as GitHub writes it."""
        return f"{self.at[:19]}Z"


def describe_deployment(facts: Facts, environment: str, version: str, sha: str, description: str) -> Payload:
    """Return the payload of the event `deployment`."""
    address = f"{facts.page}/deployments/{facts.number}"
    deployment = {
        "id": facts.number,
        "url": address,
        "statuses_url": f"{address}/statuses",
        "repository_url": facts.page,
        "sha": sha,
        "ref": version,
        "task": "deploy",
        "payload": {"version": version},
        "environment": environment,
        "original_environment": environment,
        "description": description,
        "creator": _person(DEPLOYER),
        "created_at": facts.second,
        "updated_at": facts.second,
        "production_environment": environment == "production",
        "transient_environment": False,
    }
    return {"action": "created", "deployment": deployment, **_end(facts, DEPLOYER)}


def describe_status(facts: Facts, number: int, deployment: Payload) -> Payload:
    """Return the payload of the event `deployment_status` for the deployment of another payload."""
    told = deployment["deployment"]
    status = {
        "id": number,
        "url": f"{told['statuses_url']}/{number}",
        "state": "success",
        "description": told["description"],
        "environment": told["environment"],
        "environment_url": "",
        "target_url": told["url"],
        "log_url": told["url"],
        "deployment_url": told["url"],
        "repository_url": facts.page,
        "creator": _person(DEPLOYER),
        "created_at": facts.second,
        "updated_at": facts.second,
    }
    return {**deployment, "deployment_status": status}


def describe_pull_request(facts: Facts, change: Change, action: str, merged: str | None = None) -> Payload:
    """Return the payload of the event `pull_request`; `merged` is the commit on the main branch."""
    closed = facts.second if action == "closed" else None
    address = f"{facts.page}/pull/{change.number}"
    request = {
        "id": change.number,
        "number": change.number,
        "url": address,
        "html_url": address,
        "title": change.title,
        "body": None,
        "state": "closed" if closed else "open",
        "draft": False,
        "user": _person(change.author),
        "labels": [],
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": {"ref": change.branch, "sha": change.head, "label": f"{OWNER}:{change.branch}"},
        "base": {"ref": "main", "sha": change.base, "label": f"{OWNER}:main"},
        "created_at": facts.second,
        "updated_at": facts.second,
        "closed_at": closed,
        "merged": merged is not None,
        "merged_at": closed if merged else None,
        "merge_commit_sha": merged,
        "merged_by": _person(change.author) if merged else None,
        "comments": 0,
        "commits": 1,
        "additions": 12,
        "deletions": 3,
        "changed_files": 1,
    }
    return {
        "action": action,
        "number": change.number,
        "pull_request": request,
        **_end(facts, change.author),
    }


def describe_push(facts: Facts, change: Change, before: str, after: str) -> Payload:
    """Return the payload of the event `push` that a merge makes on the main branch."""
    person = {"name": change.author, "email": f"{change.author}@sandbox.example"}
    author = {**person, "username": change.author}
    commit = {
        "id": after,
        "tree_id": after,
        "distinct": True,
        "message": f"{change.title} (#{change.number})",
        "timestamp": facts.at,
        "url": f"{facts.page}/commit/{after}",
        "author": author,
        "committer": author,
        "added": [],
        "removed": [],
        "modified": [f"{facts.repository.name}/main.py"],
    }
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "base_ref": None,
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": f"{facts.page}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": person,
        **_end(facts, change.author),
    }


def _end(facts: Facts, sender: str) -> Payload:
    name = facts.repository.name
    repository = {
        "id": _number(name),
        "name": name,
        "full_name": f"{OWNER}/{name}",
        "private": False,
        "owner": {"login": OWNER, "id": _number(OWNER), "type": "Organization"},
        "html_url": facts.page,
        "url": facts.page,
        "default_branch": "main",
    }
    return {"repository": repository, "sender": _person(sender)}


def _person(login: str) -> Payload:
    kind = "Bot" if login == DEPLOYER else "User"
    return {"login": login, "id": _number(login), "type": kind, "site_admin": False}


def _number(name: str) -> int:
    return zlib.crc32(name.encode())
