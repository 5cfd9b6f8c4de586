"""Templates: what an operator approves once, and agents open markets by; the house ships some of its own."""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction

from marketplace.core import clock, limits
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import not_found, wrong_field
from marketplace.markets.catalogue import for_markets, rule
from marketplace.markets.models import Market, Template
from marketplace.markets.money import check_money
from marketplace.markets.shipped import SHIPPED
from mechanisms.types import ProblemError

State = Template.State
HOUSE = "the house"
RANGE, CHOICE = {"least", "most"}, {"one_of"}


def find_template(name: str) -> Template:
    """An approved one; drafts and retired ones are not for agents."""
    found = Template.objects.filter(name=name, state=State.APPROVED).first()
    if found is None:
        raise not_found("template", name)
    return found


@transaction.atomic
def approve_template(*, template: Template, by: str) -> bool:
    """draft -> approved, for good: its terms never change again; False where it was approved before."""
    check_template(template)
    rows = Template.objects.filter(pk=template.pk, state=State.DRAFT)
    return rows.update(state=State.APPROVED, approved_at=clock.now(), approved_by=by) == 1


@transaction.atomic
def retire_template(*, template: Template) -> bool:
    """No market opens by it any more; those that have go on."""
    return Template.objects.filter(pk=template.pk).exclude(state=State.RETIRED).update(state=State.RETIRED) == 1


def ship_templates(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """After each migrate of our own database: the house's own, once; what was made of them since stands."""
    if using == DEFAULT_DB_ALIAS:
        for name, terms in SHIPPED.items():
            approved = {"state": State.APPROVED, "approved_at": clock.now(), "approved_by": HOUSE}
            Template.objects.get_or_create(name=name, defaults={**terms, **approved})


def check_template(template: Template) -> None:
    """Refuse one by which no market could open, or whose bounds speak of what its rule does not know."""
    if template.mechanism not in {spec.slug for spec in for_markets()}:
        raise wrong_field("mechanism_not_for_markets", "No market clears by this rule.", "/mechanism")
    if template.disclosure not in Market.Disclosure.values:
        raise wrong_field("disclosure_unknown", "disclosure is own_only, pseudonymous or public.", "/disclosure")
    _check_params(template)
    if not set(template.currencies) <= set(CURRENCIES):
        raise wrong_field("currency_unknown", "One of the currencies is none of ours.", "/currencies")
    longest = limits.MARKET_MAX_SECONDS
    if not limits.MARKET_MIN_SECONDS <= template.shortest_s <= template.longest_s <= longest:
        raise wrong_field(
            "closing_out_of_bounds", f"Seconds are {limits.MARKET_MIN_SECONDS} to {longest}.", "/longest_s"
        )
    if not 1 <= template.lots <= limits.LOTS_PER_MARKET or template.invitations > limits.INVITATIONS_PER_MARKET:
        raise wrong_field("lots_out_of_bounds", "Too many lots or invitations, or none.", "/lots")
    check_money(_Terms(template))


def _check_params(template: Template) -> None:
    known = set(rule(template.mechanism).params.model_fields)
    for name, bound in template.bounds.items():
        keys = set(bound) if isinstance(bound, Mapping) else set()
        if name not in known or (keys != CHOICE and not (keys and keys <= RANGE)):
            detail = f"{name!r} is no parameter of this rule, or its bound says neither least, most nor one_of."
            raise wrong_field("bounds_invalid", detail, f"/bounds/{name}")
    try:
        rule(template.mechanism).read_params(template.params)
    except ProblemError as error:
        raise wrong_field(error.code, error.detail, "/params") from None


def chosen_params(template: Template, stated: Mapping[str, Any]) -> dict[str, Any]:
    """The template's parameters with what the opener says; refused beyond the bounds."""
    for name, value in stated.items():
        bound = template.bounds.get(name)
        if bound is None:
            open_to = ", ".join(sorted(template.bounds)) or "nothing"
            detail = f"The template {template.name} leaves {open_to} to you, not {name[:64]!r}."
            raise wrong_field("param_fixed", detail, f"/params/{name}")
        if not _within(value, bound):
            raise wrong_field("param_out_of_bounds", f"{name} is bound to {bound_words(bound)}.", f"/params/{name}")
    return {**template.params, **stated}


def _within(value: Any, bound: Mapping[str, Any]) -> bool:
    if "one_of" in bound:
        return value in bound["one_of"]
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return bool(bound.get("least", value) <= value <= bound.get("most", value))


def bound_words(bound: Mapping[str, Any]) -> str:
    """A bound in words."""
    if "one_of" in bound:
        return " or ".join(str(value) for value in bound["one_of"])
    parts = [f"{name} {bound[name]}" for name in ("least", "most") if name in bound]
    return "a whole number, at " + " and at ".join(parts)


class _Terms:
    """A template's money as a configuration says it."""

    on_default, deposit_minor, most_minor = "", 0, None

    def __init__(self, template: Template) -> None:
        self.currency = next(iter(template.currencies), "EUR")
        self.money, self.fee_bp = template.money, template.fee_bp
