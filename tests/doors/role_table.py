"""Who may pass which door. A new door without a line here fails `test_roles`.

`public`: everybody. `signed`: who holds a signature, Stripe's or that of a link of ours. `key`: any agent's key, which
sees its own only. `owner`: a key, and the thing must be the agent's. `operate`: an operator's key to act. `person`:
whoever is signed in, each its own. `own person`: signed in, and the thing must be that person's.
"""

PAGES = {
    **dict.fromkeys(("index", "market-page", "market-page-outcome", "client", "llms", "schema", "asyncapi"), "public"),
    **dict.fromkeys(("healthz", "readyz", "metrics"), "public"),  # metrics: on this host alone, see test_health
    **dict.fromkeys(("market-page-report", "market-page-pdf"), "public"),
    **dict.fromkeys(("docs", "unknown", "thanks", "jwks"), "public"),
    **dict.fromkeys(("account_login", "account_logout", "account_inactive", "account_signup"), "public"),
    **dict.fromkeys(("account_email_verification_sent", "account_reset_password", "account_confirm_email"), "public"),
    **dict.fromkeys(("account_confirm_login_code", "account_reset_password_done"), "public"),
    **dict.fromkeys(("account_reset_password_from_key", "account_reset_password_from_key_done"), "public"),
    **dict.fromkeys(("account_email", "account_change_password", "account_set_password"), "person"),
    "account_reauthenticate": "person",
    **dict.fromkeys(("stripe-webhook", "download"), "signed"),
    **dict.fromkeys(("me-now", "me-agents", "me-cards", "me-asks", "me-done", "me-rules", "me-stop"), "person"),
    **dict.fromkeys(("me-wants", "me-account", "me-top-up", "me-withdraw", "me-play"), "person"),
    **dict.fromkeys(("me-ask", "me-deal", "me-agent-rules", "me-cases", "me-agent-stop", "me-want"), "own person"),
}
REST = {
    **dict.fromkeys(("mechanisms", "preference-schema"), "public"),
    **dict.fromkeys(("me", "mandates", "decisions", "mandates-ap2", "checkins", "keys", "webhooks", "inbox"), "key"),
    **dict.fromkeys(("payment-methods", "payout-accounts", "settlements", "preferences", "categories"), "key"),
    **dict.fromkeys(("market", "participations", "raises", "previews", "bid-batches", "bids", "outcome"), "key"),
    **dict.fromkeys(("balances", "balance", "balance-top-ups", "balance-withdrawals"), "key"),
    **dict.fromkeys(("moves", "templates", "lots", "invitations"), "key"),
    **dict.fromkeys(("package", "events", "report", "reclearings", "contracts", "contract-checks"), "key"),
    **dict.fromkeys(("market-report", "market-report-file"), "key"),
    **dict.fromkeys(("checkin", "agent", "key", "key-rotate", "bid", "preference", "payment-method"), "owner"),
    **dict.fromkeys(("webhook", "webhook-rotate", "webhook-test", "proof", "contract"), "owner"),
    **dict.fromkeys(("contract-answers", "contract-cancellations"), "owner"),
    **dict.fromkeys(("agents", "markets", "reports", "exports", "export", "report-file", "report-table"), "operate"),
}
DOORS = PAGES | REST
SOCKETS = {"ws/v1/markets/": "public", "ws/v1/inbox/": "key"}  # public: but a key alone bids and hears its own
TOOLS = {
    **dict.fromkeys(("whoami", "my_bids"), "own"),
    **dict.fromkeys(("find_markets", "explain", "outcome", "wait", "preview", "may_i", "join"), "market"),
    **dict.fromkeys(("raise_limit", "bid", "move"), "market"),
    **dict.fromkeys(("ask_my_person", "withdraw", "proof", "answer_contract"), "owner"),
    **dict.fromkeys(("contracts", "templates"), "own"),
    "open_market": "owner",
    "invite": "market",
}
STAFF = ("operator", "settlement clerk", "economist", "auditor")
LOOK = {
    **dict.fromkeys(("markets.Market", "markets.Round", "markets.Template"), ("operator", "economist", "auditor")),
    **dict.fromkeys(("agents.Agent", "agents.ApiKey", "agents.Principal"), ("operator", "auditor")),
    **dict.fromkeys(("bidding.Bid", "bidding.Move", "bidding.Participation", "bidding.Raise"), ("operator", "auditor")),
    **dict.fromkeys(("mandates.CheckIn", "mandates.Commitment", "mandates.Mandate"), ("operator", "auditor")),
    **dict.fromkeys(("preferences.Category", "clearing.Contract"), ("operator", "auditor")),
    "reports.Export": ("operator", "economist", "auditor"),
    "doors.Webhook": ("auditor",),
    **dict.fromkeys(("account.EmailAddress", "auth.Group", "auth.User"), ()),
    **dict.fromkeys(
        (
            *("settlement.Attempt", "settlement.Authorisation", "settlement.Balance", "settlement.Journal"),
            *("settlement.Obligation", "settlement.Funding"),
            *("settlement.PaymentMethod", "settlement.PayoutAccount", "settlement.Task", "settlement.Transfer"),
            *("settlement.Dispute", "settlement.WebhookEvent"),
        ),
        ("settlement clerk", "auditor"),
    ),
}
ADD = {
    **dict.fromkeys(("markets.Market", "markets.Template", "preferences.Category"), ("operator",)),
    "reports.Export": ("operator", "economist"),
    "settlement.Funding": ("settlement clerk",),
}
