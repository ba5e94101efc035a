"""What `/help` answers, made from the table of commands."""

from blocks import kit, mrkdwn
from domain.card import Content
from domain.command import SPECS, TABLE, CommandSpec, MisusedCommand, UnknownCommand

_ANYWHERE = (
    "The same words work everywhere: `@Quarterdeck status` in a channel or a thread, and `/status` or `/help`"
    " where Slack leaves us these names (as in the sandbox)."
)
_CHAT = "Chat never acts: only `/execute` changes anything, and asks for approval where the risk says so."


def overview() -> Content:
    """Every command in one line each, and an example of each."""
    lines = [mrkdwn.fill("{}\n{}", mrkdwn.code(spec.usage), spec.summary) for spec in TABLE]
    examples = mrkdwn.join(" · ", [mrkdwn.code(spec.examples[-1]) for spec in TABLE])
    blocks = [
        kit.section(mrkdwn.bold("What you can ask me")),
        *(kit.section(line) for line in lines),
        kit.context(mrkdwn.fill("For example: {}", examples)),
        kit.context(mrkdwn.Mrkdwn(_ANYWHERE)),
        kit.context(_CHAT),
    ]
    return kit.message("Commands: " + ", ".join(f"/{spec.name}" for spec in TABLE), blocks)


def one_command(spec: CommandSpec) -> Content:
    """One command with its examples."""
    examples = mrkdwn.join("\n", [mrkdwn.code(example) for example in spec.examples])
    blocks = [
        kit.section(mrkdwn.fill("{}\n{}", mrkdwn.code(spec.usage), spec.summary)),
        kit.context(mrkdwn.fill("For example: {}", examples)),
    ]
    return kit.message(f"{spec.usage}: {spec.summary}", blocks)


def unknown(reading: UnknownCommand) -> Content:
    """Names the nearest command, or the overview."""
    sentence = mrkdwn.fill("I know no command {}.", mrkdwn.code(reading.word))
    if reading.nearest:
        fix = mrkdwn.fill("Did you mean {}? {} lists them all.", _slash(reading.nearest), _slash("help"))
    else:
        fix = mrkdwn.fill("{} lists what I know.", _slash("help"))
    return _two_lines(sentence, fix)


def misused(reading: MisusedCommand) -> Content:
    """Says what the command takes."""
    sentence = mrkdwn.fill(
        "{} is written like this: {}", _slash(reading.spec.name), mrkdwn.code(reading.spec.usage)
    )
    examples = mrkdwn.join(", ", [mrkdwn.code(example) for example in reading.spec.examples])
    return _two_lines(sentence, mrkdwn.fill("For example: {}", examples))


def _slash(name: str) -> mrkdwn.Mrkdwn:
    return mrkdwn.code(SPECS[name].call)


def _two_lines(sentence: mrkdwn.Mrkdwn, fix: mrkdwn.Mrkdwn) -> Content:
    return kit.message(mrkdwn.join(" ", [sentence, fix]), [kit.section(sentence), kit.context(fix)])
