"""Markets, lots, rounds and their life cycle."""
