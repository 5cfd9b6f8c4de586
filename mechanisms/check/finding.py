"""What a check reports when an outcome is not what it should be."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One fault: the claim (or `consistent`) that it refutes, a stable code, words, a pointer into the outcome."""

    claim: str
    code: str
    detail: str
    pointer: str = ""

    def to_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)
