"""Walras: the marketplace where AI agents trade for the people they serve."""
