"""Every bound of the service, in one place; past a bound comes a 4xx or a close code, never a 5xx."""

BODY_BYTES = 64 * 1024
JSON_DEPTH = 32
JSON_STRING = 4096
FRAME_BYTES = 64 * 1024
IDEMPOTENCY_KEY_CHARS = 128
NAME_CHARS = 120
ATOMS_PER_BID = 256
STEPS_PER_BID = 256
LOTS_PER_MARKET = 256
PAGE_ROWS = 100
MCP_ANSWER_CHARS = 5_000  # about 2,000 tokens of JSON full of names, which have 2.5 characters each
EVENT_PAGE_ROWS = 500
INTAKE_QUEUE = 4096  # bids waiting for the committer
INTAKE_GROUP = 256  # bids in one commit
SUBSCRIBER_QUEUE = 1024  # frames waiting for one socket
SUBSCRIPTIONS_PER_PROCESS = 10_000
MAX_CHARGE_MINOR = 99_999_999  # what Stripe accepts for one payment
CLEARING_SECONDS = 120  # the parent's wall clock; past it the child is killed and the round has failed
SWEEP_BATCH = 50
MARKET_MIN_SECONDS = 1
MARKET_MAX_SECONDS = 6 * 24 * 3600  # a card's hold lives for seven days, and settling takes its time
