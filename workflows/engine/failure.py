"""What goes wrong in a workflow, in a form that a replay raises again word for word."""


class RecordedError(Exception):
    """An error as it is stored: class name and message, never the object, which would need pickle."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class StepError(RecordedError):
    """A step or transaction raised; `kind` is the class name of its error, first run or replay."""


class WorkflowError(RecordedError):
    """A workflow that was awaited ended with an error."""


class WorkflowCancelledError(Exception):
    """A workflow that was awaited was cancelled."""


class UnknownWorkflowError(LookupError):
    """No workflow has this id."""


class NotLaunchedError(RuntimeError):
    """The engine is not running in this process: `launch` comes first."""
