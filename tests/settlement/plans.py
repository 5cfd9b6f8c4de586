"""What markets of a world shall come to, whatever fails; and what is wrong, as Stripe's own tables and ours tell it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from marketplace.agents.models import Principal
from marketplace.settlement import balances, books
from marketplace.settlement.models import Balance, Obligation
from marketplace.settlement.verification import verify_journal
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.transfer import Transfer
from tests.settlement.stories import Sale

LEAST = 50  # that a card can be charged
CARD, LATER, PREPAID = "card", "later", "prepaid"  # how a participation pays


@dataclass
class Plan:
    """What one market shall come to."""

    sale: Sale
    sellers: list[Principal]
    limits: dict[str, int] = field(default_factory=dict)  # by participation
    pays: dict[str, str] = field(default_factory=dict)
    buyers: dict[str, str] = field(default_factory=dict)  # the principal's reference
    charges: dict[str, int] = field(default_factory=dict)
    payouts: dict[str, int] = field(default_factory=dict)  # by the seller's reference
    gone: str = ""  # the participation whose hold an outsider cancels
    kept: int = 0
    fee: int = 0  # of the first seller
    refunded: str = ""  # who got all of it back

    def paid(self, reference: str) -> int:
        """What this participation has paid in the end."""
        undone = self.gone or reference == self.refunded
        return 0 if undone else self.charges.get(reference, 0)

    def faults(self) -> Iterator[str]:
        """What is wrong with this market's books and money."""
        yield from verify_journal(self.sale.journal)
        yield from map(str, books.differences(self.sale.journal))
        arrears = dict(self.sale.journal.obligations.values_list("reference", "arrears_minor").filter(kind="collect"))
        for reference, pays in self.pays.items():
            older = 0 if self.gone else arrears.get(reference, 0)
            expected = self.paid(reference) + older
            taken = taken_from(reference)
            if taken != expected and not (pays == PREPAID or self._small(reference)):
                yield f"{reference} paid {taken}, not {expected}"
            if taken and (pays == PREPAID or self._small(reference)):
                yield f"{reference} is charged {taken} of its card"
        yield from self._given()

    def given_back(self, reference: str) -> int:
        """What the market gave back to the participation's balance."""
        return self.charges.get(reference, 0) - self.paid(reference) if self._small(reference) else 0

    def _small(self, reference: str) -> bool:
        return self.charges.get(reference, 0) < LEAST

    def _given(self) -> Iterator[str]:
        back = self.charges.get(self.refunded, 0)
        got = {reference: paid_to(reference) for reference in self.payouts}
        least = 0 if self.gone else sum(self.payouts.values()) - back
        if self.gone or not back:
            for reference, amount in self.payouts.items():
                if got[reference] != (0 if self.gone else amount):
                    yield f"{reference} got {got[reference]}, not {amount}"
        elif not least <= sum(got.values()) <= least + self.kept + self.fee:
            yield f"sellers kept {sum(got.values())} after a refund of {back}"


def purse_faults(plans: Sequence[Plan], buyers: Sequence[Principal], paid_in: Mapping[str, int]) -> Iterator[str]:
    """Of all that Stripe took of a buyer's cards, what no market got stands on the buyer's balance, to the unit."""
    paid, back = Counter[str](), Counter[str](paid_in)
    for plan in plans:
        for reference, buyer in plan.buyers.items():
            paid[buyer] += plan.paid(reference)
            back[buyer] += plan.given_back(reference)
    for buyer in buyers:
        left = 0
        for balance in Balance.objects.filter(principal=buyer).select_related("journal"):
            yield from verify_journal(balance.journal)
            yield from map(str, books.differences(balance.journal))
            left += balances.standing(balance.journal).available_minor
        if (taken := taken_of(buyer)) != paid[buyer.ref] + left:
            yield f"{buyer.ref} was charged {taken}, paid {paid[buyer.ref]} and has {left} left"
        if -left >= LEAST:
            yield f"{buyer.ref} owes {-left}, which nobody collects"
        if left > back[buyer.ref]:
            yield f"{buyer.ref} has {left} left, but has paid in, or got back, {back[buyer.ref]}"


def at_rest() -> bool:
    """Whether nothing of any journal is owed any more that is still asked for."""
    return not Obligation.objects.filter(state__in=("pending", "unknown")).exists()


def taken_from(reference: str) -> int:
    """What Stripe has taken of this participation and kept, over all its charges."""
    return _kept(Charge.objects.filter(metadata__participation=reference))


def taken_of(buyer: Principal) -> int:
    """What Stripe has taken of this principal's cards and kept."""
    customers = list(buyer.payment_methods.values_list("stripe_customer", flat=True))
    return _kept(Charge.objects.filter(customer__in=customers))


def _kept(charges: Sequence[Charge]) -> int:
    succeeded = [charge for charge in charges if charge.status == "succeeded"]
    return sum(charge.amount_captured - charge.amount_returned for charge in succeeded)


def paid_to(reference: str) -> int:
    """What Stripe has handed on for this reference, over all its transfers."""
    made = Transfer.objects.filter(metadata__participation=reference)
    return sum(transfer.amount - transfer.amount_reversed for transfer in made)
