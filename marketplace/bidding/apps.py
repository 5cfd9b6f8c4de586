"""The Django app."""

from django.apps import AppConfig


class BiddingConfig(AppConfig):
    """Participations, bids and their intake."""

    name = "marketplace.bidding"
    label = "bidding"
