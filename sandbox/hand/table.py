"""Every act of the hand, one line each: `POST /_sandbox/<name>`."""

from collections.abc import Awaitable, Callable

from sandbox.hand import press, talk
from sandbox.hand.gesture import Answer, Gesture

Act = Callable[[Gesture], Awaitable[Answer]]

ACTS: dict[str, Act] = {
    "click": press.click,
    "command": talk.command,
    "say": talk.say,
}
