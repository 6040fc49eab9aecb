"""The metrics that processes count. `scraped_metrics.py` has those that are read from PostgreSQL,
Redis and the disk; `exposition.py` shows both.

With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine count into files there.
"""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from unbet.core.outcomes import Outcome

ANSWERS = Counter(
    "unbet_answers_total",
    "Answers given, by the provider's code, our outcome, the dialect and the provider.",
    ["code", "outcome", "dialect", "provider"],
)
ANSWER_SECONDS = Histogram(
    "unbet_answer_seconds",
    "From a body's last byte to its answer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 10),
)
UNPERSISTED = Counter(
    "unbet_unpersisted_total",
    "Cancels that neither ledger nor disk took: answered with HTTP 503.",
)
WAITING = Gauge(
    "unbet_waiting", "Requests that wait for their decision.", multiprocess_mode="livesum"
)
GROUP_CANCELS = Histogram(
    "unbet_group_cancels",
    "Cancels in a message.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 5000),
)
IN_FLIGHT = Gauge(
    "unbet_groups_in_flight", "Messages that wait for their reply.", multiprocess_mode="livesum"
)
REFUSED = Counter(
    "unbet_refused_total",
    "Requests with the right secret that were refused, by reason.",
    ["reason"],
)
DRY_RUN = Counter(
    "unbet_dry_run_total",
    "Cancels of a dry run, by whether the old endpoint's code was what Unbet would have answered: "
    "`same`, `different`, `undecided` (Unbet had none in time), `unanswered` (the old endpoint had "
    "none), `not_compared` (there is no old endpoint).",
    ["agreement"],
)
WRONG_SECRETS = Counter(
    "unbet_wrong_secrets_total",
    "Requests with a wrong secret, or to another path that leads their sender nowhere.",
)
CUT = Counter("unbet_cut_total", "Connections cut for exceeding a bound, by reason.", ["reason"])
UNDELIVERED = Counter(
    "unbet_undelivered_total",
    "Answers that their client did not get: it had left (`gone`), or was cut off (`cut`).",
    ["reason"],
)
REJECTED = Counter(
    "unbet_rejected_total", "Messages and replies that were forged or not understood.", ["kind"]
)
FOREIGN = Counter(
    "unbet_foreign_total",
    "What was seen of other deployments on this Redis: themselves, messages, replies.",
    ["kind"],
)
RESENT = Counter("unbet_resent_total", "Cancels put on the queue again for want of a reply.")
UNPUBLISHED = Counter("unbet_unpublished_total", "Cancels that the broker did not take in time.")
PARKED = Counter("unbet_parked_total", "Cancels that a receiver parked in the ledger.")
SPOOLED = Counter("unbet_spooled_total", "Cancels that went to a receiver's disk.")
SPOOL_TORN = Counter(
    "unbet_spool_torn_total",
    "Spool files whose last record a crash had cut off; it was not answered.",
)
SPOOL_DAMAGED = Counter(
    "unbet_spool_damaged_total",
    "Records in the spool that are damaged, or refused by the ledger; their files are kept.",
)
LEDGER_SECONDS = Histogram(
    "unbet_ledger_seconds",
    "From a group's first try in the ledger to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
)
RETRIES = Counter("unbet_retries_total", "Transactions tried again, by reason.", ["reason"])
SWEPT = Counter("unbet_swept_total", "Parked cancels that were decided.")
SWEEP_ROUNDS = Counter("unbet_sweep_rounds_total", "Rounds that a sweep has finished.")
DEAD = Counter("unbet_dead_total", "Cancels that were given up until a person tries them again.")
LEDGER_CALLS = Counter(
    "unbet_ledger_calls_total",
    "Requests to the built-in ledger over HTTP, by operation and result.",
    ["operation", "result"],
)
LEDGER_CALL_SECONDS = Histogram(
    "unbet_ledger_call_seconds",
    "From a request's head to its answer, of the built-in ledger over HTTP.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
)

# Of a counter that begins at 1 Prometheus sees no increase, and no alert fires: these begin at 0.
for _reason in ("method", "unreadable", "expired", "path", "address", "signature", "form"):
    REFUSED.labels(reason=_reason)
for _agreement in ("same", "different", "undecided", "unanswered", "not_compared"):
    DRY_RUN.labels(agreement=_agreement)
for _kind in ("message", "reply"):
    REJECTED.labels(kind=_kind)
for _kind in ("deployment", "message", "reply"):
    FOREIGN.labels(kind=_kind)


@cache
def answers(code: int | str, outcome: Outcome, dialect: str, provider: str) -> Counter:
    """The one counter of that kind: looked up once, since finding it takes longer than counting."""
    labels = {"outcome": outcome.value, "dialect": dialect, "provider": provider}
    return ANSWERS.labels(code=str(code), **labels)
