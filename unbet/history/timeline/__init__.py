"""The summary of a history in one sentence, and its timeline, event by event.

Neither contains a body or a session. What the provider sent stands in them unchanged: whoever shows
it escapes it.
"""

from unbet.history.timeline.events import Event, EventKind, timeline
from unbet.history.timeline.operations import operation_summary, operation_timeline
from unbet.history.timeline.summary import summary

__all__ = [
    "Event",
    "EventKind",
    "operation_summary",
    "operation_timeline",
    "summary",
    "timeline",
]
