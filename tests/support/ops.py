"""People at work in #ops: what they type, click and read."""

from typing import Any

from tests.support.hand import Hand, key_of, text_of
from tests.support.wait import until


class Ops:
    """People at work in #ops."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand

    async def execute(self, request: str, user: str = "U0DEV") -> int:
        answer = await self.hand.command(f"/execute {request}", user=user)
        words = text_of(answer["response"])
        assert "is accepted" in words, words
        return int(words.split()[0].removeprefix("T-"))

    async def card(self, task: int, containing: str, seconds: float = 15) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = [each for each in await self.hand.cards() if key_of(each) == f"task:{task}"]
            assert len(found) < 2, found
            return next((each for each in found if containing in text_of(each)), None)

        found: dict[str, Any] = await until(look, f"the card of T-{task} says {containing!r}", seconds)
        return found

    async def click(self, card: dict[str, Any], action: str, user: str) -> dict[str, Any]:
        return await self.hand("click", user=user, channel="C0OPS", ts=card["ts"], action_id=action)

    async def fill_in(self, user: str, reason: str) -> dict[str, Any]:
        """Give the reason in the form that a click has opened."""

        async def form() -> dict[str, Any] | None:
            views = (await self.hand.state())["views"]
            return next((each for each in views if each["user"] == user), None)

        view = await until(form, f"a form for {user}")
        return await self.hand("submit", user=user, view_id=view["id"], values={"reason": {"reason": reason}})

    async def whispers(self, user: str) -> str:
        return "\n".join(text_of(each) for each in await self.hand.messages() if each["ephemeral_to"] == user)

    async def world(self) -> dict[str, Any]:
        async with self.hand.session.get(f"{self.hand.url}/_world") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def version(self, service: str = "checkout", environment: str = "production") -> str:
        services = (await self.world())["services"]
        found = next(
            each for each in services if (each["name"], each["environment"]) == (service, environment)
        )
        return str(found["version"])

    async def status(self, task: int, user: str = "U0DEV") -> str:
        answer = await self.hand.command(f"/status T-{task}", user=user)
        return text_of(answer["response"])
