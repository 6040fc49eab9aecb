"""A story told: what became of a reference in one sentence, and what happened, event by event.

Nothing of a body or a session is in either. What the provider sent stands in them as it came: who
shows it sees to characters that mean something there.
"""

from typing import Final

from ledger.story import Story
from ledger.telling.asked import all_asked
from ledger.telling.bets import bet_events
from ledger.telling.cancels import cancel_events
from ledger.telling.event import Event, EventKind
from ledger.telling.sentence import verdict

__all__ = ["Event", "EventKind", "timeline", "verdict"]

_ORDER: Final = list(EventKind)


def timeline(story: Story) -> list[Event]:
    """Everything that is known of a reference, in the order of time."""
    events = [*bet_events(story), *cancel_events(story, all_asked(story))]
    return sorted(events, key=lambda event: (event.at, _ORDER.index(event.kind)))
