"""Clearing children: from a closed round to a certified outcome."""
