"""Every bound of the service, in one place; past a bound comes a 4xx or a close code, never a 5xx."""

BODY_BYTES = 64 * 1024
BATCH_BYTES = 1024 * 1024
BATCH_BIDS = 500
JSON_DEPTH = 32
JSON_STRING = 4096
FRAME_BYTES = 64 * 1024
IDEMPOTENCY_KEY_CHARS = 128
NAME_CHARS = 120
WEBHOOKS_PER_AGENT = 10
KINDS_PER_WEBHOOK = 32
RATE_REQUESTS = 10_000  # of one key in one window, unless the settings say otherwise
RATE_SECONDS = 10
KEYS_PER_AGENT = 20  # that are good
KEY_MAX_SECONDS = 366 * 24 * 3600  # for how long a key that expires may be good
KEY_OVERLAP_SECONDS = 7 * 24 * 3600  # how long a rotated key may stay good beside the new one
ATOMS_PER_BID = 256
STEPS_PER_BID = 256
LOTS_PER_MARKET = 256
PREFERENCES_PER_AGENT = 50
MARKETS_MATCHED = 500  # open markets that one filter by a preference looks at
PAGE_ROWS = 100
MCP_ANSWER_CHARS = 5_000  # about 2,000 tokens of JSON full of names, which have 2.5 characters each
EVENT_PAGE_ROWS = 500
POLL_SECONDS = 30  # how long a long poll may wait
INTAKE_QUEUE = 4096  # bids waiting for the committer
INTAKE_GROUP = 256  # bids in one commit
EPOCH_SECONDS = 60  # a key that bids are sealed under is used so long,
EPOCH_BIDS = 4096  # or for so many bids
SUBSCRIBER_QUEUE = 1024  # frames waiting for one socket
SUBSCRIPTIONS_PER_PROCESS = 10_000
MAX_CHARGE_MINOR = 99_999_999  # what Stripe accepts for one payment
CLEARING_SECONDS = 120  # the parent's wall clock; past it the child is killed and the round has failed
SWEEP_BATCH = 50
CALL_BATCH = 200  # calls to Stripe whose rows are claimed, and whose answers are written down, in one commit each
MARKET_MIN_SECONDS = 1
MARKET_MAX_SECONDS = 90 * 24 * 3600
HELD_MARKET_MAX_SECONDS = (
    6 * 24 * 3600
)  # where limits are held: a card's hold lives for seven days, and settling takes time
MANDATE_MAX_MINOR = 10**15  # no ceiling is higher; null says "no ceiling"
MANDATE_NAMES = 256  # in one list of a mandate
MANDATE_RULES = 64  # of one kind in a mandate
AGENT_DEPTH = 4  # an agent, its sub-agents, theirs, theirs
CHECK_IN_SECONDS = 24 * 3600  # the longest that an agent waits for its person
CHECK_IN_MARGIN = 60  # seconds before a market's close that a check-in must be answered by, where there is time
CASES_PER_AGENT = 1000
