"""Checks of bargains, sharing no code with the rules."""
