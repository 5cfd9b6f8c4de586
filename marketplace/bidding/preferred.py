"""Bids that hold a preference or name a stored one: compiled before anything else sees them."""

from dataclasses import dataclass
from typing import Any

from marketplace.agents.keys import Identity
from marketplace.core import limits, strict_json
from marketplace.core.money import amount_text
from marketplace.core.refusals import Refusal
from marketplace.markets.matching import preview_in
from marketplace.markets.terms import Terms
from marketplace.preferences.services import content_of, find_preference, read_stated, refused
from mechanisms.errors import ProblemError
from mechanisms.preferences import Compiled, Preview
from mechanisms.preferences.stating import refuse_other_pieces, stated
from mechanisms.programs import Program, size_of

FIX = "Correct the preference, or preview it to see which lots qualify."


@dataclass(frozen=True)
class Preferred:
    """What a preference comes to in this market: `body` is the bid with its atoms or its program."""

    body: dict[str, Any]
    seen: Preview
    compiled: Compiled


def compiled_bid(*, value: dict[str, Any], identity: Identity, terms: Terms) -> Preferred:
    """The body of a bid with atoms or a program in place of its preference; refused with pointers into what was sent.

    Reads the database where the preference is a stored one; costs up to a few milliseconds of computing.
    """
    if terms.asked is not None:
        detail = "A request takes the worth of its buyer and the offers of sellers."
        raise Refusal(422, "not_your_side", detail, "Say worth and must, or offers.", "/preference")
    try:
        refuse_other_pieces(value)
        preference = read_stated(_words(value["preference"], identity), "/preference")
        seen = preview_in(terms, preference, identity.agent_ref)
        compiled = seen.compiled(limits.ATOMS_PER_BID, programs=takes_programs(terms))
    except ProblemError as error:
        raise refused(error) from None
    if compiled.program is not None:
        _refuse_large(compiled.program)
    rest = {name: part for name, part in value.items() if name != "preference"}
    return Preferred(rest | stated(compiled), seen, compiled)


def takes_programs(terms: Terms) -> bool:
    """Whether the market's rule takes a preference of more bundles than a bid may list."""
    return "program" in terms.spec.languages


def _refuse_large(program: Program) -> None:
    """A program has only so many columns and rows, and is no longer than a body may be."""
    small = size_of(program) <= limits.PROGRAM_COLUMNS_PER_BID
    if not small or len(strict_json.canonical(program.to_dict())) > limits.BODY_BYTES:
        detail = "It comes to too many bundles, and as a program to more than a bid may have."
        raise Refusal(422, "too_many_atoms", detail, FIX, "/preference/want")


def _words(preference: Any, identity: Identity) -> Any:
    """The preference as it was sent, or the words of the agent's own that was named."""
    if not isinstance(preference, str):
        return preference
    return content_of(find_preference(ref=preference, agent_id=identity.agent_id))


def refuse_empty(preferred: Preferred) -> None:
    """A bid that wants nothing here is not sent: the condition that removed the last lot is named."""
    if not preferred.compiled.wants_nothing:
        return
    told = preferred.seen.told()
    because = told["nothing_because"]
    relaxations = {name: item["relaxations"] for name, item in told["items"].items() if item.get("relaxations")}
    raise Refusal(
        422,
        "nothing_qualifies",
        f"No lot of this market is left after: {because['words']}.",
        "Give up one of what relaxations names, or look for another market: GET markets/?preference=.",
        because["pointer"],
        {"relaxations": relaxations},
    )


def told_in(preferred: Preferred, terms: Terms) -> dict[str, Any]:
    """The preview's part on the preference: lots, worths and reasons in words, the atoms with their values in words."""
    told = preferred.seen.told(limits.ATOMS_PER_BID, programs=takes_programs(terms))
    for atom in told["atoms"]:
        atom["means"] = amount_text(atom["value"], terms.exponent, terms.currency)
    if "program" in told:
        most = amount_text(told["program"]["most"], terms.exponent, terms.currency)
        told["program"]["means"] = f"Too many bundles to list; none is worth more than {most}."
    return told
