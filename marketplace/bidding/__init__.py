"""Participations, bids and their intake."""
