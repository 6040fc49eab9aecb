"""What a chaos run did, and which answers that excuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testbed.chaos.clients import DEAF
from testbed.chaos.expectations import promising_codes
from testbed.chaos.outages import Outage, excused, overlaps
from testbed.provider import Attempt, Case, Dialect

UNPERSISTED: Final = 503
"""The status of an answer that says that the cancel is stored nowhere, but in those dialects that
have `hides_unpersisted`."""


def is_unpersisted(attempt: Attempt, dialect: Dialect) -> bool:
    """Whether the answer says so for certain."""
    return attempt.status == UNPERSISTED and not dialect.hides_unpersisted


@dataclass(frozen=True)
class Circumstances:
    """What the run did, as far as it excuses something."""

    outages: Sequence[Outage] = ()
    """Of the receivers."""
    receivers: int = 1
    without_room: Sequence[Outage] = ()
    """When neither ledger nor disk could keep a cancel: HTTP 503 is right then."""
    held_up: Callable[[datetime, float], float] = lambda _since, _seconds: 0.0
    """For how much of that time the provider itself was held up: reported, but no excuse."""

    def excuse(self, attempt: Attempt) -> bool:
        """Whether that attempt need not be answered."""
        if attempt.client in DEAF:
            return True
        if attempt.status == UNPERSISTED:
            return overlaps(self.without_room, attempt.at, attempt.seconds)
        hung = attempt.status is None and "no answer within" in attempt.text
        return not hung and excused(self.outages, self.receivers, attempt.at, attempt.seconds)

    def was_promised(self, attempt: Attempt, dialect: Dialect) -> bool:
        """Whether its answer says that the cancel is decided, or will be."""
        if is_unpersisted(attempt, dialect) or attempt.code not in promising_codes(dialect):
            return False
        is_decided = attempt.code not in dialect.allowed[Case.TEMPORARY]
        had_room = not overlaps(self.without_room, attempt.at, attempt.seconds)
        return is_decided or had_room or not dialect.hides_unpersisted
