"""The operator's forms: what a draft says, with each refusal at the field that it is about."""

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django_json_schema_editor.forms import JSONEditorWidget

import mechanisms
from marketplace.core import limits
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import Refusal
from marketplace.markets.catalogue import for_markets
from marketplace.markets.drafts import check_draft, place_of
from marketplace.markets.drawing import TERMS, drawn
from marketplace.markets.kinds import kinds
from marketplace.markets.models import Lot, Market
from mechanisms.types import ProblemError


def rules() -> list[tuple[str, str]]:
    """The rules that a market can have."""
    return [(spec.slug, spec.title) for spec in for_markets()]


class MarketForm(forms.ModelForm):
    """A market in draft."""

    mechanism = forms.ChoiceField(choices=rules, widget=forms.HiddenInput)
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)], initial="EUR")
    exponent = forms.IntegerField(min_value=0, max_value=6, initial=2, help_text="bids count 10^-exponent")

    class Meta:
        model = Market
        fields = (
            "title",
            "description",
            "mechanism",
            "params",
            "currency",
            "exponent",
            "disclosure",
            "several_agents",
            "money",
            "on_default",
            "deposit_minor",
            "most_minor",
            "fee_bp",
            "accept_within_s",
            "cancellation",
            "agenda",
            "opens_at",
            "closes_at",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "params" not in self.fields:
            return  # looked at only
        slug = self.data.get("mechanism") or self.initial.get("mechanism") or self.instance.mechanism
        schema = drawn(mechanisms.get(slug)) if slug in dict(rules()) else {}
        self.fields["params"].widget = _editor(schema) if schema.get("properties") else forms.HiddenInput()
        self.fields["cancellation"].widget = _editor(TERMS)

    def clean(self) -> dict[str, Any]:
        """The rule judges its own parameters."""
        data: dict[str, Any] = super().clean() or {}
        data["params"], data["agenda"] = data.get("params") or {}, data.get("agenda") or {}
        if not isinstance(data["params"], dict):
            self.add_error("params", "Write a JSON object, such as {}.")
        elif "mechanism" in data:
            try:
                mechanisms.get(data["mechanism"]).read_params(data["params"])
            except ProblemError as error:
                self.add_error("params", f"{_titled(data['mechanism'], error.pointer)}: {error.detail}")
        return data


def _titled(slug: str, pointer: str) -> str:
    """The field's own title, as the form has it, and where in it."""
    name, *rest = pointer.removeprefix("/params/").split("/")
    field = mechanisms.get(slug).params.model_json_schema().get("properties", {}).get(name, {})
    return " / ".join([field.get("title", name), *rest])


def _editor(schema: dict[str, Any]) -> JSONEditorWidget:
    return JSONEditorWidget(editor_config={"schema": schema, "show_opt_in": True})


class LotForm(forms.ModelForm):
    """A lot of a draft; its category draws the form of its attributes."""

    category = forms.ChoiceField(required=False)

    class Meta:
        model = Lot
        fields = ("name", "title", "supply", "reserve", "seller", "buyer", "category", "attributes")

    def __init__(self, *args: Any, kinds: dict[str, dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "attributes" not in self.fields:
            return  # looked at only
        self.fields["category"].choices = [(name, name or "none") for name in kinds]
        chosen = self.data.get(self.add_prefix("category")) or self.instance.category
        self.fields["attributes"].widget = _editor(kinds.get(chosen, kinds[""]))

    def clean_attributes(self) -> dict[str, Any]:
        """An object, if anything."""
        value = self.cleaned_data["attributes"] or {}
        if not isinstance(value, dict):
            raise forms.ValidationError("Write a JSON object, such as {}.")
        return value


class LotFormSet(BaseInlineFormSet):
    """The lots of a draft, checked together with it once each is well-formed."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """The categories, read once for all lots."""
        if not hasattr(self, "kinds"):
            self.kinds = kinds()
        return {**super().get_form_kwargs(index), "kinds": self.kinds}

    def clean(self) -> None:
        """What the rule or a bound refuses is said at the lot, or above the lots."""
        super().clean()
        market = self.instance
        if any(self.errors) or not (market.mechanism and market.currency and market.closes_at):
            return
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if not self._should_delete_form(form)]
        if not kept:
            return  # they may come by a sheet; without any it does not open
        try:
            check_draft(market=market, lots=[form.instance for form in kept])
        except Refusal as refusal:
            _say(refusal, kept)


def _say(refusal: Refusal, lots: list[forms.ModelForm]) -> None:
    if place := place_of(refusal):
        number, field, words = place
        if number < len(lots) and field in lots[number].fields:
            lots[number].add_error(field, words)
            return
    raise forms.ValidationError(refusal.detail)


MAX_LOTS = limits.LOTS_PER_MARKET
