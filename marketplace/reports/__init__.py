"""Outcome reports for economists."""
