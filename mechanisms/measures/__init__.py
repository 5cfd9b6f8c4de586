"""What economists measure in an outcome: each measure with its definition, its reference and what it assumes."""

from mechanisms.measures import agreements, concentration, fairness, prices, regret, surplus
from mechanisms.measures.clearing import Clearing
from mechanisms.measures.registry import Measure, Measured, every, measured
from mechanisms.measures.resampling import Interval, interval

__all__ = ["Clearing", "Interval", "Measure", "Measured", "every", "interval", "measured"]
_ROOMS = (surplus, prices, concentration, fairness, agreements, regret)  # importing them is what names their measures
