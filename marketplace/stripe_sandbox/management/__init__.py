"""The management package."""
