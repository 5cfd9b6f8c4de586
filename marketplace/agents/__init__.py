"""Principals, their agents and the agents' keys."""
