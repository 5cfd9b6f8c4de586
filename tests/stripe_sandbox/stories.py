"""The beginnings that many tests share: a payer with a card, an authorised payment, a seller."""

import secrets

CARDS_ONLY = {"enabled": True, "allow_redirects": "never"}


class Story:
    """One payer and what they do."""

    def __init__(self, api) -> None:
        self.api = api
        self.customer = api.customers.create({"name": "Ada", "metadata": {"agent": "7"}})

    def card(self, token: str = "pm_card_visa") -> str:
        return self.api.payment_methods.attach(token, {"customer": self.customer.id}).id

    def terms(self, **more) -> dict:
        return {
            "amount": 1000,
            "currency": "eur",
            "customer": self.customer.id,
            "capture_method": "manual",
            "automatic_payment_methods": CARDS_ONLY,
            "confirm": True,
            "off_session": True,
            **more,
        }

    def pay(self, options: dict | None = None, **more):
        """An authorised payment; `capture_method="automatic"` has it captured as well."""
        return self.api.payment_intents.create({"payment_method": self.card(), **self.terms(**more)}, options or {})

    def seller(self, **more):
        """Who can be paid at once: of this type the platform has told Stripe who it is."""
        wish = {"type": "custom", "country": "DE", "capabilities": {"transfers": {"requested": True}}}
        return self.api.accounts.create({**wish, **more})

    def available(self, currency: str = "eur") -> int:
        return sum(part.amount for part in self.api.balance.retrieve().available if part.currency == currency)

    def events_about(self, wanted: str) -> list[str]:
        page = self.api.events.list({"limit": 100})
        return [event.type for event in page.data if event.data.object["id"] == wanted][::-1]


def fresh_key() -> str:
    return f"key-{secrets.token_hex(8)}"
