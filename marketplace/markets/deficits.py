"""What an exchange may come to lack: its rule's cap, which the house must have set aside before it opens."""

from typing import Any, Protocol

from marketplace.core.money import minor_from_units, minor_text
from marketplace.core.refusals import Refusal


class Stated(Protocol):
    """What a configuration says of its rule."""

    @property
    def mechanism(self) -> str: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def currency(self) -> str: ...
    @property
    def exponent(self) -> int: ...


def refuse_unbounded(stated: Stated) -> None:
    """Refuse Clarke's prices of an exchange without a cap: nobody pays in without end."""
    if _clarke(stated) and stated.params.get("deficit_cap") is None:
        detail = "An exchange at these prices may owe more than it gets: deficit_cap says how much the house pays in."
        raise Refusal(
            422, "deficit_without_cap", detail, "Say deficit_cap (0: such a round is void).", "/params/deficit_cap"
        )


def most_lacking_minor(stated: Stated) -> int:
    """What the house may have to pay in, in minor units, rounded up."""
    cap = int(stated.params.get("deficit_cap") or 0) if _clarke(stated) else 0
    return -minor_from_units(-cap, stated.exponent, stated.currency)


def deficit_words(stated: Stated) -> str:
    """Who pays what is missing, in words; empty where nothing can be."""
    most = most_lacking_minor(stated)
    return (
        f"What sellers get above what buyers pay, the house pays: up to {minor_text(most, stated.currency)}."
        if most
        else ""
    )


def _clarke(stated: Stated) -> bool:
    return stated.mechanism == "vcg_exchange" and stated.params.get("pricing", "vcg") == "vcg"
