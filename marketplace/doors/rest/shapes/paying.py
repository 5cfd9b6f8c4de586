"""How principals pay and are paid."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from marketplace.doors.rest.shapes.common import Shape, one_of
from marketplace.settlement.models import PaymentMethod as MethodRow
from marketplace.settlement.models import PayoutAccount as AccountRow

Page = Annotated[str, Meta(description="Stripe's page for the person")]


class PaymentMethod(Shape, frozen=True, kw_only=True):
    """A card, or the page on which it is to be saved."""

    id: str
    label: str
    purse: Annotated[str, Meta(description="the label that a mandate's rules name")] | UnsetType = UNSET
    state: Annotated[str, one_of(MethodRow.State.values)]
    page: Page | UnsetType = UNSET
    means: str


class PaymentMethodPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    payment_methods: list[PaymentMethod]
    next_cursor: str | None


class PayoutAccount(Shape, frozen=True, kw_only=True):
    """Where the principal is paid."""

    id: str
    country: str
    state: Annotated[str, one_of(AccountRow.State.values)]
    due: Annotated[list[str], Meta(description="what Stripe still wants to know of its owner")]
    means: str


class PayoutAccountOpened(PayoutAccount, frozen=True, kw_only=True):
    """The account, with a fresh page where one is needed."""

    page: Page | UnsetType = UNSET


class AccountPage(Shape, frozen=True, kw_only=True):
    """One at most."""

    payout_accounts: list[PayoutAccount]
    next_cursor: str | None
