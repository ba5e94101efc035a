"""What `quarterdeck doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found there and, where that is a problem, its fix."""

    subject: str
    found: str
    fix: str | None = None

    @property
    def line(self) -> str:
        """As it is printed."""
        sign, fix = ("problem", f" {self.fix[:1].upper()}{self.fix[1:]}.") if self.fix else ("ok", "")
        return f"{sign:<9}{self.subject:<10}{self.found}.{fix}"
