"""Who is calling, for the doors in the event loop: from memory, or asked of the database together with all who wait."""

from marketplace.agents import keys
from marketplace.agents.keys import Identity
from marketplace.doors.threads import in_thread
from marketplace.doors.together import Together

_unknown: Together[Identity] = Together(in_thread(keys.identify_all))


async def identify(key: str) -> Identity:
    """Who holds this key, from memory where it was seen a moment ago. Raises Refusal."""
    return keys.cached(keys.digest_of(key)) or await _unknown.find(key)
