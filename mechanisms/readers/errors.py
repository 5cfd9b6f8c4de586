"""The one way in which a reader refuses a file."""

from mechanisms.errors import ProblemError


class UnreadableError(ProblemError):
    """The text is not in the format: code `unreadable_file`; `line` counts from 1, and the detail says it too."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__("unreadable_file", f"line {line}: {problem}")
        self.line = line
