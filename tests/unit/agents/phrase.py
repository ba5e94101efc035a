"""Reading the tables of phrases, and writing an outcome as they do."""

from pathlib import Path

from domain.action import Catalogue
from domain.plan import Impossible, Outcome, Plan, Question, Step, Unsure


def phrases(name: str) -> list[tuple[str, str]]:
    """The phrases of a file with the outcome that each should have."""
    found: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line == "#" or line.startswith("# ") or not line:
            continue
        before, arrow, after = line.partition(" => ")
        lines.append(before)
        if arrow:
            found.append(("\n".join(lines), after.strip()))
            lines = []
    return found


def write(outcome: Outcome, catalogue: Catalogue) -> str:
    """An outcome in the words of the tables."""
    if isinstance(outcome, Plan):
        return "; ".join(_write_step(step, catalogue) for step in outcome.steps)
    if isinstance(outcome, Question):
        return f"? {outcome.key}"
    return "!" if isinstance(outcome, Impossible) else f"~ {' '.join(outcome.actions)}"


def _write_step(step: Step, catalogue: Catalogue) -> str:
    parts = [step.action]
    for parameter in catalogue.actions[step.action].parameters:
        value = str(step.arguments.get(parameter.name, "-"))
        parts.append(f'"{value}"' if parameter.name == "text" else value)
    return " ".join(parts)


def fits(outcome: Outcome, expected: str, catalogue: Catalogue) -> bool:
    """Whether an outcome is what the table says."""
    if expected == "not a plan":
        return not isinstance(outcome, Plan)
    if expected.startswith("~ "):
        return isinstance(outcome, Unsure) and expected[2:] in outcome.actions
    return write(outcome, catalogue) == expected
