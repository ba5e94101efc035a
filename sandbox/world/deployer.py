"""The deployer: what each of its writes does, once for one idempotency key."""

import uuid
from collections.abc import Callable
from typing import Any

from sandbox.world.fault import DeployerFaults
from sandbox.world.ledger import Call, Ledger
from sandbox.world.service import Services, WorldError, now

LONGEST = 200
MOST_REPLICAS = 1000

Order = dict[str, Any]
Answer = dict[str, Any]


class Deployer:
    """Changes services. An order is a JSON object; an answer is what the API gives back beside the status."""

    def __init__(self, services: Services, tell: Callable[[Answer], None]) -> None:
        self.services, self.ledger, self.faults = services, Ledger(), DeployerFaults()
        self._tell = tell
        self._verbs: dict[str, Callable[[Order, str], Answer]] = {
            "deploy": self._deploy,
            "roll_back": self._roll_back,
            "restart": self._restart,
            "scale": self._scale,
            "delete": self._delete,
            "migrate": self._migrate,
        }

    def obey(self, action: str, order: Order, key: str) -> Answer:
        """Do `action` once for `key`, counting the request; a repeated one gets the first answer again."""
        return self.carry_out(self.count(action, order, key), action, order)

    def count(self, action: str, order: Order, key: str) -> Call:
        """Count a request; raises WorldError `idempotency_key_reused` where the key stands for another one."""
        call = self.ledger.count(key, action, order)
        if not call.matches(action, order):
            detail = f"The key {key} came with another request before: send a new key with a new request."
            raise WorldError("idempotency_key_reused", detail)
        return call

    def carry_out(self, call: Call, action: str, order: Order) -> Answer:
        """Take effect, unless this call did before. Raises WorldError where it cannot be done."""
        if call.answer is None:
            call.answer = self.act(action, order, call.idempotency_key)
            call.effects += 1
        return call.answer

    def act(self, action: str, order: Order, key: str) -> Answer:
        """Do it, and tell of it."""
        done = self._verbs[action](order, key)
        answer = {"ok": True, "id": f"dep-{uuid.uuid4().hex[:12]}", "action": action, **done, "at": now()}
        self._tell(answer)
        return answer

    def _deploy(self, order: Order, key: str) -> Answer:
        version = read_word(order, "version")
        service = self.services.place(read_word(order, "service"), read_word(order, "environment"))
        before = service.release(version, key)
        return {**_where(order), "version": version, "previous_version": before}

    def _roll_back(self, order: Order, key: str) -> Answer:
        service = self.services.get(read_word(order, "service"), read_word(order, "environment"))
        given = order.get("version") not in (None, "")
        version = read_word(order, "version") if given else service.find_previous()
        before = service.release(version, key)
        return {**_where(order), "version": version, "previous_version": before}

    def _restart(self, order: Order, _key: str) -> Answer:
        service = self.services.get(read_word(order, "service"), read_word(order, "environment"))
        service.restarts += 1
        return {**_where(order), "version": service.version, "restarts": service.restarts}

    def _scale(self, order: Order, _key: str) -> Answer:
        replicas = _read_replicas(order)
        service = self.services.get(read_word(order, "service"), read_word(order, "environment"))
        before, service.replicas = service.replicas, replicas
        return {
            **_where(order),
            "version": service.version,
            "replicas": replicas,
            "previous_replicas": before,
        }

    def _delete(self, order: Order, _key: str) -> Answer:
        service = self.services.get(read_word(order, "service"), read_word(order, "environment"))
        self.services.remove(service)
        return {**_where(order), "version": None, "previous_version": service.version}

    def _migrate(self, order: Order, key: str) -> Answer:
        name = read_word(order, "name" if "name" in order else "migration")
        service = self.services.get(read_word(order, "service"), read_word(order, "environment"))
        service.migrate(name, key)
        return {**_where(order), "version": service.version, "name": name}


def read_word(order: Order, name: str) -> str:
    """Return a string that has to be there; raises WorldError `invalid_arguments`."""
    value = order.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        detail = f"'{name}' must be a string of 1 to {LONGEST} characters: add it to the request."
        raise WorldError("invalid_arguments", detail)
    return value


def _read_replicas(order: Order) -> int:
    value = order.get("replicas")
    if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(MOST_REPLICAS)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_REPLICAS:
        raise WorldError("invalid_arguments", f"'replicas' must be a whole number from 0 to {MOST_REPLICAS}.")
    return value


def _where(order: Order) -> Answer:
    return {"service": order["service"], "environment": order["environment"]}
