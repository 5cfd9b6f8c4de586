"""Chaos by script: which calls and webhooks go wrong, how, and how often."""

import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from marketplace.stripe_sandbox.errors import bad_parameter

CALL_FAULTS = (
    "500_before",  # nothing happens, 500, nothing is saved under the key
    "500_after",  # it happens, the answer is 500, a repeat gets the true answer
    "500_saved",  # nothing happens, 500, and the key is answered so from now on
    "500_saved_after",  # it happens, and the key is answered 500 from now on
    "409",  # another call is at work on it; nothing happens
    "429",  # too many calls; nothing happens
    "timeout_before",  # no answer, nothing happens
    "timeout_after",  # no answer, it happens
    "reset",  # it happens, and the connection breaks in the middle of the answer
    "wrong_amount",  # it happens, and the answer states one unit too much
)
WEBHOOK_FAULTS = ("late", "duplicate", "reorder", "missing")
FAULTS = CALL_FAULTS + WEBHOOK_FAULTS


@dataclass
class Rule:
    """Calls (`POST /v1/transfers`) or events (`EVENT transfer.created`) that this pattern fits meet the fault."""

    match: str
    faults: tuple[str, ...]
    times: int = 1  # how often at most; -1 is no end
    skip: int = 0  # how many go well first
    rate: float = 1.0  # of those that it fits
    seconds: float = 5.0  # how late
    dice: random.Random = field(default_factory=random.Random)

    def strike(self, what: str) -> str | None:
        """The fault that this one meets."""
        if not self.times or re.search(self.match, what) is None:
            return None
        if self.skip:
            self.skip -= 1
            return None
        if self.rate < 1 and self.dice.random() >= self.rate:
            return None
        self.times -= 1
        return self.faults[0] if len(self.faults) == 1 else self.dice.choice(self.faults)


struck: Counter[str] = Counter()  # how often each fault has struck since the process began
_rules: list[Rule] = []
_lock = threading.Lock()


def script(rules: list[dict[str, Any]], seed: int = 0) -> None:
    """Replace the script; an empty one is a healthy Stripe."""
    made = [_rule(each, random.Random(f"{seed}:{place}")) for place, each in enumerate(rules)]
    with _lock:
        _rules[:] = made


def _rule(given: dict[str, Any], dice: random.Random) -> Rule:
    faults = given.get("fault", ())
    names = (faults,) if isinstance(faults, str) else tuple(faults)
    unknown = [name for name in names if name not in FAULTS]
    if unknown or not names:
        raise bad_parameter(f"A rule names one or more of: {', '.join(FAULTS)}", "fault")
    rest = {name: given[name] for name in ("times", "skip", "rate", "seconds") if name in given}
    return Rule(str(given.get("match", "")), names, dice=dice, **rest)


def strikes(what: str, among: tuple[str, ...]) -> tuple[str, float] | None:
    """The fault that a call or an event meets, of these kinds, and how late a late one is."""
    if not _rules:
        return None
    with _lock:
        for rule in _rules:
            if rule.faults[0] in among and (fault := rule.strike(what)):
                struck[fault] += 1
                return fault, rule.seconds
    return None
