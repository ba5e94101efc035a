"""Errors that carry the sentence a person reads."""


class QuarterdeckError(Exception):
    """`sentence` says what is wrong and names the fix, in words for the person who meets it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ConfigurationError(QuarterdeckError):
    """Wrong usage or configuration: the command line ends with status 2."""


class NotFound(QuarterdeckError):
    """The object that was named does not exist."""


class NotAllowed(QuarterdeckError):
    """The person may not do this."""
