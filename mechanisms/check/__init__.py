"""Independent checks of an outcome: one function for each claim, sharing no code with the rules."""

from mechanisms.check.claims import CHECKS
from mechanisms.check.finding import Finding
from mechanisms.check.verifying import verify

__all__ = ["CHECKS", "Finding", "verify"]
