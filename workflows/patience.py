"""Steps that need the database, and so wait for it: hours if need be, and not much longer than it is away."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

from storage.database import UNAVAILABLE
from workflows import engine

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

RETRIES = 5_000
LONGEST_PAUSE_SECONDS = 2.0


async def step(name: str, call: Callable[[*Ts], Awaitable[R]], *args: *Ts) -> R:
    """`engine.step`, tried again while Postgres is away. What the outside answers is a result, never an error; any
    other error is a mistake, which trying again would not mend. Raises StepError.
    """
    return await engine.step(
        name, call, *args, retries=RETRIES, pause=0.5, longest=LONGEST_PAUSE_SECONDS, only=UNAVAILABLE
    )
