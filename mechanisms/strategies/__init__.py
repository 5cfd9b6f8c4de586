"""Reference agents: seeded pure functions from what is public and what is private to a bid or move."""

from mechanisms.strategies.protocol import Situation, Strategy, draw_value
from mechanisms.strategies.shading import shading
from mechanisms.strategies.truthful import truthful

STRATEGIES: dict[str, Strategy] = {"truthful": truthful, "shading": shading}

__all__ = ["STRATEGIES", "Situation", "Strategy", "draw_value", "shading", "truthful"]
