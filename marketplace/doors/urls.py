"""Addresses of the doors."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from marketplace.core.refs import PATTERN
from marketplace.doors import asyncapi, health, texts
from marketplace.doors.pages import listing, playing
from marketplace.doors.pages import views as pages
from marketplace.doors.pages.me import account, asks, cases, done, now, paid_in, rules, stop, wants
from marketplace.doors.rest import (
    agents,
    balances,
    contracts,
    inbox,
    keyring,
    mandates,
    markets,
    me,
    moving,
    openings,
    papers,
    paying,
    preferences,
    reports,
    results,
    trading,
    unknown,
    webhooks,
)
from marketplace.settlement.webhooks import stripe_webhook


class RefConverter(StringConverter):
    """Names of rows; anything else is an address that does not exist."""

    regex = PATTERN


class CurrencyConverter(StringConverter):
    """A currency's code, or what somebody takes for one."""

    regex = "[A-Za-z]{1,16}"


class MarketRefConverter(StringConverter):
    """Names of markets where names of tables stand as well."""

    regex = "mkt_[0-9A-Za-z_]{1,60}"


register_converter(RefConverter, "ref")
register_converter(CurrencyConverter, "currency")
register_converter(MarketRefConverter, "market")
V1 = "api/v1/"
MARKET = V1 + "markets/<ref:market_ref>/"

urlpatterns = [
    path("", listing.index_page, name="index"),
    path("markets/<ref:market_ref>/", pages.market_page, name="market-page"),
    path("markets/<ref:market_ref>/outcome/", pages.outcome_fragment, name="market-page-outcome"),
    path("markets/<ref:market_ref>/report/", pages.report_page, name="market-page-report"),
    path("markets/<ref:market_ref>/report.pdf", pages.report_pdf, name="market-page-pdf"),
    path("thanks/", pages.thanks_page, name="thanks"),
    path("me/", now.now_page, name="me-now"),
    path("me/agents/", now.agents_page, name="me-agents"),
    path("me/cards/", now.cards_page, name="me-cards"),
    path("me/account/", account.account_page, name="me-account"),
    path("me/top-up/", paid_in.top_up_page, name="me-top-up"),
    path("me/withdraw/", paid_in.withdraw_page, name="me-withdraw"),
    path("me/asks/", asks.asks_page, name="me-asks"),
    path("me/asks/<ref:checkin_ref>/", asks.ask_page, name="me-ask"),
    path("me/done/", done.done_page, name="me-done"),
    path("me/done/<ref:participation_ref>/", done.deal_page, name="me-deal"),
    path("me/wants/", wants.wants_page, name="me-wants"),
    path("me/wants/<ref:preference_ref>/", wants.want_page, name="me-want"),
    path("me/rules/", rules.rules_index, name="me-rules"),
    path("me/rules/<ref:agent_ref>/", rules.rules_page, name="me-agent-rules"),
    path("me/rules/<ref:agent_ref>/cases/", cases.cases_page, name="me-cases"),
    path("me/play/<ref:market_ref>/", playing.play_page, name="me-play"),
    path("me/stop/", stop.stop_index, name="me-stop"),
    path("me/stop/<ref:agent_ref>/", stop.stop_page, name="me-agent-stop"),
    path("downloads/<str:token>/", reports.download, name="download"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
    path("client.py", texts.client_file, name="client"),
    path("llms.txt", texts.llms_file, name="llms"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/asyncapi/", asyncapi.asyncapi_document, name="asyncapi"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("webhooks/stripe/", stripe_webhook, name="stripe-webhook"),
    path(V1 + "me/", me.MeView.as_view(), name="me"),
    path(V1 + "mechanisms/", me.MechanismsView.as_view(), name="mechanisms"),
    path(V1 + "agents/", agents.AgentsView.as_view(), name="agents"),
    path(V1 + "agents/<ref:agent_ref>/", agents.AgentView.as_view(), name="agent"),
    path(V1 + "mandates/", mandates.MandatesView.as_view(), name="mandates"),
    path(V1 + "mandates/decisions/", mandates.DecisionsView.as_view(), name="decisions"),
    path(V1 + "mandates/ap2/", mandates.Ap2View.as_view(), name="mandates-ap2"),
    path(V1 + "checkins/", mandates.CheckInsView.as_view(), name="checkins"),
    path(V1 + "checkins/<ref:checkin_ref>/", mandates.CheckInView.as_view(), name="checkin"),
    path(V1 + "keys/", keyring.KeysView.as_view(), name="keys"),
    path(V1 + "keys/<ref:key_ref>/", keyring.KeyView.as_view(), name="key"),
    path(V1 + "keys/<ref:key_ref>/rotate/", keyring.RotateView.as_view(), name="key-rotate"),
    path(V1 + "webhooks/", webhooks.WebhooksView.as_view(), name="webhooks"),
    path(V1 + "webhooks/<ref:webhook_ref>/", webhooks.WebhookView.as_view(), name="webhook"),
    path(V1 + "webhooks/<ref:webhook_ref>/rotate/", webhooks.RotateView.as_view(), name="webhook-rotate"),
    path(V1 + "webhooks/<ref:webhook_ref>/test/", webhooks.TestView.as_view(), name="webhook-test"),
    path(V1 + "inbox/", inbox.InboxView.as_view(), name="inbox"),
    path(V1 + "payment-methods/", paying.PaymentMethodsView.as_view(), name="payment-methods"),
    path(V1 + "payment-methods/<ref:method_ref>/", paying.PaymentMethodView.as_view(), name="payment-method"),
    path(V1 + "balances/", balances.BalancesView.as_view(), name="balances"),
    path(V1 + "balances/<currency:currency>/", balances.BalanceView.as_view(), name="balance"),
    path(V1 + "balances/<currency:currency>/top-ups/", balances.TopUpsView.as_view(), name="balance-top-ups"),
    path(
        V1 + "balances/<currency:currency>/withdrawals/",
        balances.WithdrawalsView.as_view(),
        name="balance-withdrawals",
    ),
    path(V1 + "payout-accounts/", paying.PayoutAccountsView.as_view(), name="payout-accounts"),
    path(".well-known/jwks.json", contracts.jwks, name="jwks"),
    path(V1 + "contracts/", contracts.ContractsView.as_view(), name="contracts"),
    path(V1 + "contracts/checks/", contracts.ContractChecksView.as_view(), name="contract-checks"),
    path(V1 + "contracts/<ref:contract_ref>/", contracts.ContractView.as_view(), name="contract"),
    path(V1 + "contracts/<ref:contract_ref>/answers/", contracts.AnswersView.as_view(), name="contract-answers"),
    path(
        V1 + "contracts/<ref:contract_ref>/cancellations/",
        contracts.CancellationsView.as_view(),
        name="contract-cancellations",
    ),
    path(V1 + "settlements/", results.SettlementsView.as_view(), name="settlements"),
    path(V1 + "reports/", reports.ReportsView.as_view(), name="reports"),
    path(V1 + "reports/exports/", reports.ExportsView.as_view(), name="exports"),
    path(V1 + "reports/exports/<ref:export_ref>/", reports.ExportView.as_view(), name="export"),
    path(V1 + "reports/<market:market_ref>.<slug:suffix>", papers.PaperFileView.as_view(), name="market-report-file"),
    path(V1 + "reports/<market:market_ref>/", papers.PaperView.as_view(), name="market-report"),
    path(V1 + "reports/<slug:table>.<slug:suffix>", reports.TableFileView.as_view(), name="report-file"),
    path(V1 + "reports/<slug:table>/", reports.TableView.as_view(), name="report-table"),
    path(V1 + "categories/", preferences.CategoriesView.as_view(), name="categories"),
    path(V1 + "preferences/", preferences.PreferencesView.as_view(), name="preferences"),
    path(V1 + "preferences/schema/", preferences.PreferenceSchemaView.as_view(), name="preference-schema"),
    path(V1 + "preferences/<ref:preference_ref>/", preferences.PreferenceView.as_view(), name="preference"),
    path(V1 + "templates/", openings.TemplatesView.as_view(), name="templates"),
    path(V1 + "markets/", markets.MarketsView.as_view(), name="markets"),
    path(MARKET, markets.MarketView.as_view(), name="market"),
    path(MARKET + "lots/", openings.LotsView.as_view(), name="lots"),
    path(MARKET + "invitations/", openings.InvitationsView.as_view(), name="invitations"),
    path(MARKET + "participations/", trading.ParticipationsView.as_view(), name="participations"),
    path(MARKET + "raises/", trading.RaisesView.as_view(), name="raises"),
    path(MARKET + "previews/", trading.PreviewsView.as_view(), name="previews"),
    path(MARKET + "bid-batches/", trading.BidBatchesView.as_view(), name="bid-batches"),
    path(MARKET + "moves/", moving.MovesView.as_view(), name="moves"),
    path(MARKET + "bids/", trading.BidsView.as_view(), name="bids"),
    path(MARKET + "bids/<ref:bid_ref>/", trading.BidView.as_view(), name="bid"),
    path(MARKET + "receipts/<ref:bid_ref>/proof/", results.ProofView.as_view(), name="proof"),
    path(MARKET + "outcome/", results.OutcomeView.as_view(), name="outcome"),
    path(MARKET + "package/", results.PackageView.as_view(), name="package"),
    path(MARKET + "reclearings/", reports.ReclearingsView.as_view(), name="reclearings"),
    path(MARKET + "events/", results.EventsView.as_view(), name="events"),
    path(MARKET + "report.csv", results.ReportView.as_view(), name="report"),
    path("api/<path:rest>", unknown.UnknownView.as_view(), name="unknown"),
]
