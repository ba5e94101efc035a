"""Every act of the hand, one line each: `POST /_sandbox/<name>`."""

from collections.abc import Awaitable, Callable

from sandbox.hand import correct, form, house, press, screw, talk, visit
from sandbox.hand.gesture import Answer, Gesture

Act = Callable[[Gesture], Awaitable[Answer]]

ACTS: dict[str, Act] = {
    "archive": house.archive,
    "bot": screw.bot,
    "channel": house.channel,
    "click": press.click,
    "clock": screw.clock,
    "close": form.close,
    "command": talk.command,
    "delete": correct.remove,
    "edit": correct.edit,
    "faults": screw.faults,
    "home": visit.home,
    "invite": house.invite,
    "kick": house.kick,
    "limits": screw.limits,
    "react": correct.react,
    "say": talk.say,
    "select": press.select,
    "shortcut": visit.shortcut,
    "stop": visit.stop,
    "submit": form.submit,
    "suggest": press.suggest,
    "upload": correct.upload,
}
