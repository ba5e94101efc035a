"""Words that mean the same in every catalogue. Whatever is neither here nor there counts as not understood."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _words(
    "a an the my our your me us to in on at of for into onto with please pls plz kindly now asap immediately thanks "
    "thx cheers just again also too first both hey hi hello ok okay so well quarterdeck @quarterdeck"
)
"""Words that change nothing about what is to be done."""

POLITENESS = (
    "can you",
    "can u",
    "could you",
    "would you",
    "i want to",
    "i want you to",
    "i would like to",
    "i would like you to",
    "i'd like to",
    "i'd like you to",
    "i need to",
    "i need you to",
    "we need to",
    "we want to",
    "we'd like to",
    "let us",
    "let's",
    "lets",
    "go ahead",
    "thank you",
)
"""Beginnings that make an order of what follows."""

POLITE_QUESTIONS = frozenset({"can you", "can u", "could you", "would you"})

QUESTIONS = _words(
    "should shall can could may might would will is are was were am do does did has have had why how what when where "
    "who whom which whose"
)
"""First words of a question. (`do` only before one of the next.)"""

ASKED = _words("i you we they he she the any all these those")

NEGATIONS = _words(
    "not never no don't dont doesn't doesnt cannot can't cant won't wont shouldn't mustn't needn't nobody nothing none "
    "neither nor"
)

RESTRICTIONS = NEGATIONS | _words(
    "except excluding unless if when whenever until till after before while once but without instead rather besides "
    "provided assuming because since"
)
"""From such a word to the end of its clause nothing is read as a value."""

TIMES = _words(
    "second seconds minute minutes min mins hour hours day days week weeks month months today tomorrow tonight "
    "yesterday noon midnight morning afternoon evening night later monday tuesday wednesday thursday friday saturday "
    "sunday weekend am pm utc"
)

PLACE_WORDS = _words("to in on into onto at")
"""Before a word that is not known, these make it a place: an environment that does not exist."""

PRONOUNS = _words("it this that same")
"""What was spoken of in the clause before."""

COMMON = _words("i me we us you they he she them some any all every from by about up down out go")
"""Words that say nothing about which action is near."""

SERVICE_WORDS = _words("service services app application")
ENVIRONMENT_WORDS = _words("environment env")
VERSION_WORDS = _words("version release tag build")

SYNONYMS = {
    "ship": "deploy",
    "release": "deploy",
    "push": "deploy",
    "promote": "deploy",
    "rollout": "deploy",
    "upgrade": "deploy",
    "revert": "rollback",
    "bounce": "restart",
    "reboot": "restart",
    "resize": "scale",
    "announce": "post",
    "remove": "delete",
    "destroy": "delete",
}
"""Used only for words that the catalogue itself does not use. `rollback` is the name `roll_back` in one word."""

PHRASES = {("roll", "out"): "deploy"}

NUMBERS = {
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}

DECORATIONS = _words(
    ":rocket: :tada: :pray: :+1: :thumbsup: :slightly_smiling_face: :smile: :ship: :sparkles: :wave: :raised_hands: "
    "🚀 🎉 🙏 👍 🙂 😀 🚢 ✨ 👋 🙌 \ufe0f"
)
"""Emoji that say nothing. Others might (🚫), so they count as not understood."""

STRONG = _words("then afterwards afterward next finally lastly subsequently")
WEAK = _words("and plus")
"""Words between steps: after a strong one something new begins, a weak one may join a list."""

STRONG_PHRASES = (("after", "that"), ("followed", "by"), ("after", "this"))
