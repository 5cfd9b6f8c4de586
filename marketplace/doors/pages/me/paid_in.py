"""Paid in: what a person has on its balances, paying in more, and taking back what is unused."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Principal
from marketplace.core.idempotency import answer_once, fingerprint, key_hash
from marketplace.core.money import CURRENCIES, minor_exponent
from marketplace.doors.pages.me.person import attempt, of_person
from marketplace.doors.rest.balances import balance_answer
from marketplace.settlement.services import top_up, withdraw
from marketplace.settlement.statements import balances_of

CODES = [(code, code) for code in sorted(CURRENCIES)]


class AmountForm(forms.Form):
    """An amount as people write it; `once` tells a repeated click from a new wish."""

    amount = forms.DecimalField(min_value=0, max_digits=9, decimal_places=3, label="How much?")
    currency = forms.ChoiceField(choices=CODES, initial="EUR")
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean(self) -> dict[str, Any]:
        """In minor units, which are whole."""
        data: dict[str, Any] = super().clean() or {}
        if "amount" in data and "currency" in data:
            minor = data["amount"] * Decimal(10) ** minor_exponent(data["currency"])
            if minor % 1:
                self.add_error("amount", "There is no such coin.")
            data["amount_minor"] = int(minor)
        return data


@of_person
def top_up_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Pay in by the newest card."""
    form = AmountForm(request.POST)
    if request.method == "POST" and form.is_valid():
        stated = form.cleaned_data
        name = "top_" + key_hash("me_top_up", principal.ref, str(stated["once"]))[:32]
        wanted = {"currency": stated["currency"], "amount_minor": stated["amount_minor"]}
        row = attempt(request, lambda: top_up(principal=principal, name=name, **wanted), "")
        if row is not None:
            paid = row.state == row.State.PAID
            messages.success(request, "It is on your balance." if paid else "Your card is being charged.")
    return redirect("me-now")


@of_person
def withdraw_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Take back what is unused."""
    form = AmountForm(request.POST)
    if request.method == "POST" and form.is_valid():
        stated = form.cleaned_data
        attempt(request, lambda: _withdraw_once(principal, stated), "It goes back to your card.")
    return redirect("me-now")


def _withdraw_once(principal: Principal, stated: dict[str, Any]) -> None:
    """A repeated click gives nothing back a second time."""
    wanted = {"currency": stated["currency"], "amount_minor": stated["amount_minor"]}

    def act() -> tuple[int, bytes]:
        withdraw(principal=principal, **wanted)
        return 201, b""

    body_hash = fingerprint(repr(sorted(wanted.items())).encode())
    answer_once(caller=principal.ref, path="me_withdraw", key=str(stated["once"]), body_hash=body_hash, act=act)


def paid_in(principal: Principal) -> dict[str, Any]:
    """What the page of now shows of balances."""
    forms_ = {"top_up_form": AmountForm(auto_id="top_up_%s"), "withdraw_form": AmountForm(auto_id="withdraw_%s")}
    return {"balances": [balance_answer(row) for row in balances_of(principal)], **forms_}
