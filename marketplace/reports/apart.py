"""The library in a process of its own, which is killed when it takes too long."""

import subprocess
import sys

import msgspec


class NotTakenError(Exception):
    """The library's own refusal: its problem document's code and detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def cleared_lines(problems: list[bytes], *, seconds: float) -> list[bytes]:
    """Of each problem, in order, its outcome or problem document; fewer where the time was up."""
    command = [sys.executable, "-m", "mechanisms", "run", "-", "--lines"]
    try:
        said = subprocess.run(command, input=b"\n".join(problems), capture_output=True, timeout=seconds).stdout  # noqa: S603
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    return said.split(b"\n")[:-1]  # what follows the last end of a line was cut


def library(*arguments: str, given: bytes = b"", seconds: float) -> bytes:
    """What `python -m mechanisms` prints for these arguments; NotTakenError, or TimeoutError after so many seconds."""
    command = [sys.executable, "-m", "mechanisms", *arguments]
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"It did not end within {seconds:.0f} seconds.") from error
    if done.returncode:
        said = msgspec.json.decode(done.stderr)
        raise NotTakenError(said["code"], said["detail"])
    return done.stdout
