"""An operator's admin: drafts by hand, nothing changed once promised, and no way to a sealed bid."""

import json
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from marketplace.bidding.models import Bid
from marketplace.clearing.release import released_bids
from marketplace.core import streams
from marketplace.core.models import Stream
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Lot, Market, Round
from marketplace.markets.services import close_market, open_market
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
]
MARKETS = "/admin/markets/market/"
VALUE = 71_234_567


@pytest.fixture
def operator(client: Client) -> Client:
    """Signed in, allowed everything."""
    client.force_login(User.objects.create_superuser("operator"))
    return client


def stated(**changes: object) -> dict[str, object]:
    """The form of a draft, filled in."""
    closes = timezone.now() + timedelta(hours=2)
    form: dict[str, object] = {
        "title": "A room",
        "description": "",
        "mechanism": "second_price",
        "params": "{}",
        "currency": "EUR",
        "exponent": 2,
        "disclosure": "own_only",
        "money": "authorise",
        "on_default": "",
        "deposit_minor": 0,
        "fee_bp": 0,
        "accept_within_s": 0,
        "cancellation": "[]",
        "opens_at_0": "",
        "opens_at_1": "",
        "closes_at_0": closes.date().isoformat(),
        "closes_at_1": closes.time().isoformat("seconds"),
        "lots-TOTAL_FORMS": 1,
        "lots-INITIAL_FORMS": 0,
        "lots-0-name": "room",
        "lots-0-reserve": 0,
        "lots-0-attributes": "{}",
        "rounds-TOTAL_FORMS": 0,
        "rounds-INITIAL_FORMS": 0,
    }
    return form | changes


def again(market: Market, **changes: object) -> dict[str, object]:
    """The same form for a market that is there."""
    lot = market.lots.get()
    return stated(**{"lots-INITIAL_FORMS": 1, "lots-0-id": lot.pk, "lots-0-market": market.pk} | changes)


def errors(answer) -> dict[str, list[str]]:
    """What the form and its lots say, by field."""
    said = dict(answer.context["adminform"].form.errors)
    for formset in answer.context["inline_admin_formsets"]:
        said |= {"lots": formset.formset.non_form_errors()} if formset.formset.non_form_errors() else {}
        for form in formset.formset.forms:
            said |= {f"lot.{name}": words for name, words in form.errors.items()}
    return said


def act(operator: Client, name: str, *markets: Market, reason: str = "") -> str:
    """Do an action of the list and return what the operator reads."""
    chosen = {"action": name, "_selected_action": [market.pk for market in markets], "reason": reason}
    return operator.post(MARKETS, chosen, follow=True).content.decode()


def test_a_draft_made_by_hand_opens_and_takes_bids(operator: Client) -> None:
    answer = operator.post(f"{MARKETS}add/", stated())
    assert answer.status_code == 302, errors(answer)
    market = Market.objects.get()
    assert market.ref.startswith("mkt_")
    assert market.journal.currency == "EUR"
    assert len(market.seed) == 32
    assert Stream.objects.get(name=market.stream).head == 0
    assert "A room: opened." in act(operator, "open_now", market)
    market.refresh_from_db()
    assert market.state == "open"
    trader = Trader()
    trader.join(market)
    trader.bid(market, buy("room", 1000))
    assert Bid.objects.get().seq == 1


def test_the_service_gives_what_nobody_may_choose(operator: Client) -> None:
    forged = {"ref": "mkt_mine", "seed": "00", "state": "open", "participants": 9, "last_bid": 9}
    operator.post(f"{MARKETS}add/", stated(**forged))
    market = Market.objects.get()
    assert (market.state, market.participants, market.last_bid) == ("draft", 0, 0)
    assert market.ref != "mkt_mine"
    assert market.seed != "00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"params": '{"k": 7}'}, "params"),
        ({"params": '{"direction": "sideways"}'}, "params"),
        ({"params": "[1]"}, "params"),
        ({"params": "{"}, "params"),
        ({"mechanism": "double_auction", "params": '{"k": "2"}'}, "params"),
        ({"mechanism": "roulette"}, "mechanism"),
        ({"currency": "XXX"}, "currency"),
        ({"exponent": 7}, "exponent"),
        ({"title": ""}, "title"),
        ({"closes_at_0": "2020-01-01"}, "lots"),
        ({"lots-0-supply": 3}, "lot.supply"),
        ({"lots-0-name": ""}, "lot.name"),
        ({"lots-0-attributes": "[1]"}, "lot.attributes"),
    ],
)
def test_what_a_rule_or_a_bound_refuses_is_said_at_the_field(
    operator: Client, changes: dict[str, object], field: str
) -> None:
    answer = operator.post(f"{MARKETS}add/", stated(**changes))
    assert answer.status_code == 200
    assert field in errors(answer)
    assert not Market.objects.exists()


def test_a_draft_can_be_changed_but_its_currency_stands(operator: Client) -> None:
    operator.post(f"{MARKETS}add/", stated())
    market = Market.objects.get()
    changes = {"title": "A better room", "currency": "USD", "lots-0-reserve": 500}
    answer = operator.post(f"{MARKETS}{market.pk}/change/", again(market, **changes))
    assert answer.status_code == 302, errors(answer)
    market.refresh_from_db()
    assert (market.title, market.currency, market.lots.get().reserve) == ("A better room", "EUR", 500)


def test_an_opened_market_is_frozen(operator: Client) -> None:
    market = open_a_market()
    before = Market.objects.values().get(), Lot.objects.values().get()
    page = operator.get(f"{MARKETS}{market.pk}/change/").content.decode()
    assert '<input type="submit"' not in page
    assert f'href="/markets/{market.ref}/"' in page
    changes = {"title": "Another", "lots-0-reserve": 1}
    assert operator.post(f"{MARKETS}{market.pk}/change/", again(market, **changes)).status_code == 403
    assert operator.post(f"{MARKETS}{market.pk}/delete/", {"post": "yes"}).status_code == 403
    assert (Market.objects.values().get(), Lot.objects.values().get()) == before


def test_a_draft_that_opens_while_it_is_edited_stays_as_it_opened(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.post(f"{MARKETS}add/", stated())
    market = Market.objects.get()
    monkeypatch.setattr("marketplace.markets.forms.check_draft", lambda **_: open_market(market=market))
    changes = {"title": "Too late", "lots-0-reserve": 500}
    answer = operator.post(f"{MARKETS}{market.pk}/change/", again(market, **changes), follow=True)
    assert "The market has opened meanwhile" in answer.content.decode()
    assert (Market.objects.get().title, Lot.objects.get().reserve) == ("A room", 0)


def test_a_draft_that_no_longer_fits_is_not_opened(operator: Client) -> None:
    operator.post(f"{MARKETS}add/", stated())
    Market.objects.update(closes_at=timezone.now() - timedelta(minutes=1))
    assert "refused: The market would be open for" in act(operator, "open_now", Market.objects.get())
    assert Market.objects.get().state == "draft"


def test_a_draft_may_wait_for_its_lots_but_does_not_open_without(operator: Client) -> None:
    assert operator.post(f"{MARKETS}add/", stated(**{"lots-TOTAL_FORMS": 0})).status_code == 302
    assert "refused: A market has 1 to" in act(operator, "open_now", Market.objects.get())


def test_a_lots_category_draws_and_judges_its_attributes(operator: Client) -> None:
    page = operator.get(f"{MARKETS}add/?mechanism=second_price").content.decode()
    assert '<option value="train-seat/1">' in page
    forms = json.loads(page.split('id="lot-forms"')[1].partition(">")[2].partition("</script>")[0])
    seat = forms["train-seat/1"]["properties"]
    assert (seat["duration"]["title"], seat["duration"]["type"]) == ("duration, min", "integer")
    assert (seat["quiet"]["type"], seat["seatingType"]["enum"]) == ("boolean", ["aisle", "middle", "window"])
    fits = {"duration": 90, "changes": 0, "comfort": 1}
    for wrong, words in (
        ({"changes": "none"}, "changes"),
        ({"hue": "red"}, "hue"),
        ({"comfort": None}, "comfort"),
    ):
        given = {name: value for name, value in (fits | wrong).items() if value is not None}
        lot = {"lots-0-category": "train-seat/1", "lots-0-attributes": json.dumps(given)}
        assert errors(operator.post(f"{MARKETS}add/", stated(**lot)))["lot.attributes"][0].startswith(f"{words}: ")
    lot = {"lots-0-category": "train-seat/1", "lots-0-attributes": json.dumps(fits)}
    assert operator.post(f"{MARKETS}add/", stated(**lot)).status_code == 302
    assert Lot.objects.get().attributes == fits


def test_cancel_says_who_cancelled_and_only_before_the_close(operator: Client) -> None:
    running, closed = open_a_market(title="Running"), open_a_market(title="Closed")
    close_now(closed)
    close_market(market=closed)
    assert "refused: This needs a reason" in act(operator, "cancel", running)
    words = act(operator, "cancel", running, closed, reason="the room burnt down")
    assert "Running: cancelled." in words
    assert "Closed: unchanged: it had closed before." in words
    running.refresh_from_db()
    assert (running.state, running.cancel_reason) == ("cancelled", "the room burnt down")
    told = json.loads(streams.read(running.stream)[-1].payload)
    assert told == {"reason": "the room burnt down", "by": f"staff {User.objects.get().pk}"}


def test_an_early_close_needs_a_reason_and_shows_in_public(operator: Client) -> None:
    market, over, trader = open_a_market(title="Running"), open_a_market(title="Over"), Trader()
    trader.join(market, 75_000_000)
    trader.bid(market, buy("room", VALUE))
    close_now(over)
    assert "refused: This needs a reason" in act(operator, "close_now", market)
    words = act(operator, "close_now", market, over, reason="a fire")
    assert "Running: closed." in words
    assert "Over: unchanged: it was not open." in words
    told = json.loads(streams.read(market.stream)[-1].payload)
    assert (told["early"], told["reason"]) == (True, "a fire")
    with pytest.raises(Refusal, match="closed"):
        trader.bid(market, buy("room", VALUE))
    released_bids(round_=market.rounds.get())
    release = json.loads(streams.read(market.stream)[-1].payload)
    assert "closed early" in release["reason"]
    assert "a fire" in Client().get(f"/markets/{market.ref}/").content.decode()


def test_clear_again_is_for_what_failed(operator: Client) -> None:
    market = open_a_market(title="Unlucky")
    assert "refused: Only a failed round is cleared again." in act(operator, "clear_once_more", market)
    close_now(market)
    close_market(market=market)
    market.rounds.update(state=Round.State.FAILED)
    assert "Unlucky: cleared again." in act(operator, "clear_once_more", market)
    assert sorted(market.rounds.values_list("state", flat=True)) == ["pending", "superseded"]


@pytest.fixture
def sealed() -> dict[str, str]:
    """A market with one sealed bid, and what an operator must never meet."""
    market, trader = open_a_market(title="Sealed"), Trader()
    trader.join(market, 75_000_000)
    trader.bid(market, buy("room", VALUE))
    bid = Bid.objects.get()
    content = bytes(bid.content)
    close_now(market)
    return {
        "value": str(VALUE),
        "content": json.dumps(buy("room", VALUE)),
        "hex": content.hex(),
        "receipt": bid.receipt,
        "key": bid.key_hash,
        "body": bid.body_hash,
        "seed": market.seed,
    }


def addresses() -> list[str]:
    """Every list, and every row's page and history, of every model in the admin."""
    found = ["/admin/"]
    for model in admin.site._registry:
        top = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        found += [top, f"{top}add/?mechanism=second_price"]
        found += [
            f"{top}{pk}/{page}/" for pk in model._default_manager.values_list("pk", flat=True)[:20] for page in PAGES
        ]
    desks = Market.objects.values_list("pk", flat=True)
    found += [f"/admin/desk/markets/{pk}/{page}" for pk in desks for page in ("", "try/")]
    return [*found, "/admin/desk/choose/", "/admin/desk/rules/vcg/"]


PAGES = ("change", "history")


def test_no_page_of_the_admin_shows_a_bid(operator: Client, sealed: dict[str, str], swept) -> None:
    for phase in ("open", "cleared"):
        met = 0
        for address in addresses():
            answer = operator.get(address)
            if answer.status_code == 403:  # a form that does not exist for this model
                continue
            assert answer.status_code == 200, address
            text = answer.content.decode()
            secrets = [name for name, secret in sealed.items() if secret in text and name != "value"]
            assert secrets == [], (address, phase)
            assert json.dumps(VALUE) not in text, (address, phase)
            met += "bid_" in text
        assert met >= 2  # the bid's list and its page were there to look at
        swept()


@pytest.mark.parametrize(
    "query",
    [
        "bidding/bid/?content__contains=7",
        "bidding/bid/?content__isnull=0",
        "bidding/bid/?receipt__startswith=a",
        "bidding/bid/?body_hash__startswith=a",
        "bidding/bid/?seq__gt=0",
        "bidding/participation/?bids__content__contains=7",
        "bidding/participation/?limit_minor__gt=1",
        "markets/market/?bids__content__contains=7",
        "markets/market/?seed__startswith=0",
        "markets/market/?last_bid__gt=0",
        "markets/round/?problem__contains=7",
        "markets/round/?outcome__contains=7",
        "markets/round/?market__bids__content__contains=7",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_no_address_filters_by_what_is_sealed(operator: Client, sealed: dict[str, str], query: str) -> None:
    assert operator.get(f"/admin/{query}").status_code == 400


def test_a_search_does_not_look_into_bids(operator: Client, sealed: dict[str, str], swept) -> None:
    swept()
    for model in ("bidding/bid", "bidding/participation", "markets/round", "markets/market"):
        for secret in (sealed["value"], sealed["receipt"], sealed["content"], sealed["seed"]):
            answer = operator.get(f"/admin/{model}/", {"q": secret})
            assert answer.context["cl"].result_count == 0, (model, secret)


def test_the_lists_offer_their_filters(operator: Client, sealed: dict[str, str]) -> None:
    for query in ("bidding/bid/?status__exact=accepted", "markets/market/?state__exact=open"):
        assert operator.get(f"/admin/{query}").status_code == 200
