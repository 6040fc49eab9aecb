"""The metrics that a receiver reads when it is scraped."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily


class Described(NamedTuple):
    """A metric that is asked for."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    """One at most."""
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily] = GaugeMetricFamily

    def of(self, value: float) -> Metric:
        """The metric, if it has no label."""
        return self.kind(self.name, self.help, value=value)

    def by(self, values: Iterable[tuple[str, float]]) -> Metric:
        """The metric, with a value for each of its label's."""
        family = self.kind(self.name, self.help, labels=self.labels)
        for label, value in values:
            family.add_metric([label], value)
        return family


UP: Final = Described(
    "unbet_up",
    "1 if the receiver could ask it just now: `ledger`, `broker`, `replies` or `spool`.",
    ("dependency",),
)
PARKED: Final = Described(
    "unbet_parked_cancels",
    "Cancels in the table `parked` now: `parked` for the sweep, `dead` for a person, `closed`.",
    ("state",),
)
OLDEST_PARKED: Final = Described(
    "unbet_parked_oldest_age_seconds",
    "How long the oldest cancel has waited for the sweep; 0 if none does.",
)
LATE_BETS: Final = Described(
    "unbet_late_bets_total",
    "Bets that came after their cancel and were refused.",
    kind=CounterMetricFamily,
)
WATCHED: Final = Described(
    "unbet_watched_cancels",
    "Cancels of unknown bets that a wallet is asked about again, in case the bet comes late.",
)
WATCHED_OVERDUE: Final = Described(
    "unbet_watched_overdue_seconds",
    "How long the first of them has been due; 0 if none is.",
)
LATE_BETS_REVERSED: Final = Described(
    "unbet_late_bets_reversed_total",
    "Bets that came after their cancel to a wallet that cannot refuse them, and were reversed.",
    kind=CounterMetricFamily,
)
LATE_BETS_NOT_REVERSED: Final = Described(
    "unbet_late_bets_not_reversed",
    "Such bets that had their result when they were found, and wait for a person.",
)
QUEUED: Final = Described("unbet_queue_messages", "Messages that wait for a worker.")
UNACKED: Final = Described(
    "unbet_queue_unacked", "Messages that workers have taken and not finished."
)
OLDEST_QUEUED: Final = Described(
    "unbet_queue_oldest_age_seconds",
    "How long the oldest waiting message has been on the queue; 0 if none waits.",
)
SPOOL: Final = Described("unbet_spool_bytes", "What lies in the receiver's spool now.")
SPOOL_FILES: Final = Described("unbet_spool_files", "Files that it lies in.")
OLDEST_SPOOLED: Final = Described(
    "unbet_spool_oldest_age_seconds",
    "Since the oldest of these files was begun; 0 if there is none.",
)
SPOOL_KEPT: Final = Described(
    "unbet_spool_kept_files",
    "Files in the spool that are not emptied: `damaged` after all that is whole was parked, "
    "`foreign` of another deployment or version, `stuck` for a minute after an error.",
    ("reason",),
)

DESCRIBED: Final = tuple(one for one in [*vars().values()] if isinstance(one, Described))
