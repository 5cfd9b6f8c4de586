"""Who takes part, and that a bid was received: never what it says."""

from django.contrib import admin

from marketplace.bidding.models import Bid, Move, Participation, Raise
from marketplace.markets.admin import Guarded
from marketplace.settlement.admin import ReadOnlyAdmin


@admin.register(Participation)
class ParticipationAdmin(Guarded, ReadOnlyAdmin):
    """Who has joined which market."""

    list_display = ("ref", "market", "agent", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("ref", "market__ref", "agent__ref")
    list_select_related = ("market", "agent")
    hidden = ("key_hash",)
    fields = ("ref", "market", "agent", "limit_minor", "authorisation", "state", "created_at")


@admin.register(Raise)
class RaiseAdmin(Guarded, ReadOnlyAdmin):
    """Higher limits that were asked for."""

    list_display = ("ref", "participation", "limit_minor", "state", "created_at")


@admin.register(Bid)
class BidAdmin(Guarded, ReadOnlyAdmin):
    """That a bid is there; its content, receipt and hashes can be neither seen nor searched nor filtered by."""

    list_display = ("ref", "market", "participation", "status", "at")
    list_filter = ("status",)
    search_fields = ("ref", "market__ref", "participation__ref")
    list_select_related = ("market", "participation")
    hidden = ("content", "receipt", "key_hash", "body_hash", "seq")
    fields = ("ref", "market", "participation", "status", "at")


@admin.register(Move)
class MoveAdmin(Guarded, ReadOnlyAdmin):
    """That a move was made; what it says stands in the outcome, as far as that is disclosed."""

    list_display = ("ref", "market", "n", "participation", "at")
    search_fields = ("ref", "market__ref", "participation__ref")
    list_select_related = ("market", "participation")
    hidden = ("data", "type", "receipt", "key_hash", "body_hash")
    fields = ("ref", "market", "n", "participation", "at")
