"""The code host: a repository a service, its changes and the record of its deployments, told in GitHub's format."""

from typing import Any

from sandbox.world.courier import Courier
from sandbox.world.github import (
    Facts,
    describe_deployment,
    describe_pull_request,
    describe_push,
    describe_status,
)
from sandbox.world.repository import Repository, Serial
from sandbox.world.service import now
from sandbox.world.webhook import sign_github


class CodeHost:
    """Repositories come to be as they are named; there are as many as services."""

    def __init__(self, courier: Courier) -> None:
        self._courier, self._serial = courier, Serial()
        self._repositories: dict[str, Repository] = {}

    def record_deployment(self, service: str, environment: str, version: str, description: str) -> None:
        """Tell of a deployment that has succeeded: `deployment`, then its `deployment_status`."""
        repository = self._repository(service)
        facts = Facts(repository, self._serial.next(), now())
        deployment = describe_deployment(
            facts, environment, version, repository.commit_of(version), description
        )
        status = describe_status(facts, self._serial.next(), deployment)
        self._courier.send(sign_github("deployment", deployment), sign_github("deployment_status", status))

    def change(self, service: str, title: str, author: str, merge: bool) -> dict[str, Any]:
        """Open a pull request, and with `merge` merge it: `pull_request` once or twice, then `push`."""
        repository = self._repository(service)
        facts = Facts(repository, self._serial.next(), now())
        change = repository.open_change(facts.number, title, author)
        self._courier.send(sign_github("pull_request", describe_pull_request(facts, change, "opened")))
        answer = {"service": service, "number": facts.number, "title": title, "author": author}
        if not merge:
            return {**answer, "sha": change.head, "merged": False}
        before = repository.head
        merged = repository.merge(change)
        self._courier.send(
            sign_github("pull_request", describe_pull_request(facts, change, "closed", merged)),
            sign_github("push", describe_push(facts, change, before, merged)),
        )
        return {**answer, "sha": merged, "merged": True}

    def _repository(self, service: str) -> Repository:
        return self._repositories.setdefault(service, Repository(service))
