"""Categories of lots, and what the agents' people want, kept for their eyes only."""
