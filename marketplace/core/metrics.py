"""What one process counts of itself: intake, clearing, settlement, sweeps, requests. No amount is ever among it.

Counted are acts, seconds and rows, never money, nor the bytes of a body, whose sum would tell how long a bid is. What
all processes share is read from the database when somebody asks (`doors/figures.py`).
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

disable_created_metrics()  # a second series for each, of which nobody asks when it began
registry = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=registry)
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60)
_GROUP = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def _counter(name: str, told: str, *labels: str) -> Counter:
    return Counter(f"walras_{name}", told, labels, registry=registry)


def _gauge(name: str, told: str, *labels: str) -> Gauge:
    return Gauge(f"walras_{name}", told, labels, registry=registry)


def _histogram(name: str, told: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"walras_{name}", told, labels, buckets=buckets, registry=registry)


requests = _counter("requests_total", "Requests that Django answered, by door and status.", "door", "status")
request_seconds = _histogram("request_seconds", "Seconds that Django took to answer, by door.", _FAST, "door")
bids = _counter("intake_bids_total", "Bids and withdrawals decided by this process.", "answer")
bids_accepted, bids_refused = bids.labels("accepted"), bids.labels("refused")
intake_failures = _counter("intake_failures_total", "Bids that could not be stored, and were told so.")
intake_seconds = _histogram("intake_commit_seconds", "Seconds from a group's first statement to its commit.", _FAST)
intake_group = _histogram("intake_group_bids", "Bids and withdrawals that were committed together.", _GROUP)
intake_queue = _gauge("intake_queue", "Bids that wait for the committer now.")
clearings = _counter("clearings_total", "Rounds that this process had cleared, by how that ended.", "state")
clearing_seconds = _histogram("clearing_seconds", "Seconds from a round's claim to the child's answer.", _SLOW)
stripe_calls = _counter("stripe_calls_total", "Calls to Stripe, by what came of them.", "result")
stripe_seconds = _histogram("stripe_call_seconds", "Seconds that Stripe took to answer.", _SLOW)
sweep_rows = _counter("sweep_rows_total", "Rows that sweeps took up.", "sweep")
sweep_failures = _counter("sweep_failures_total", "Runs of sweeps that raised.", "sweep")
sweep_last = _gauge("sweep_last_run_timestamp_seconds", "When a sweep last ended well.", "sweep")
subscriptions = _gauge("subscriptions", "Streams that sockets of this process follow now.")
