"""What is due: silence to be noted, letters to be written, commitments that have ended."""

from marketplace.core.sweeps import Sweep
from marketplace.mandates.ceilings import sweep_ended
from marketplace.mandates.checkins import lapse_due
from marketplace.mandates.letters import send_due

SWEEPS = (
    Sweep("mandates.ended", sweep_ended, every=1, lane="mandates"),
    Sweep("mandates.lapses", lapse_due, every=1, lane="mandates"),
    Sweep("mandates.letters", send_due, every=5, lane="letters"),
)
