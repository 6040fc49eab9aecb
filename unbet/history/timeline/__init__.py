"""The summary of a history in one sentence, and its timeline, event by event.

Neither contains a body or a session. What the provider sent stands in them unchanged: whoever shows
it escapes it.
"""

from typing import Final

from unbet.history.records import History
from unbet.history.timeline.bets import bet_events
from unbet.history.timeline.cancels import cancel_events
from unbet.history.timeline.event import Event, EventKind
from unbet.history.timeline.requests import all_requests
from unbet.history.timeline.summary import summary

__all__ = ["Event", "EventKind", "summary", "timeline"]

_ORDER: Final = list(EventKind)


def timeline(history: History) -> list[Event]:
    """Everything that is known of a reference, in the order of time."""
    events = [*bet_events(history), *cancel_events(history, all_requests(history))]
    return sorted(events, key=lambda event: (event.at, _ORDER.index(event.kind)))
