"""A story told: what became of a reference in one sentence, and what happened, event by event.

Nothing of a body or a session is in either. What the provider sent stands in them as it came: who
shows it sees to characters that mean something there.
"""

from typing import Final

from unbet.history.story import Story
from unbet.history.telling.asked import all_asked
from unbet.history.telling.bets import bet_events
from unbet.history.telling.cancels import cancel_events
from unbet.history.telling.event import Event, EventKind
from unbet.history.telling.sentence import verdict

__all__ = ["Event", "EventKind", "timeline", "verdict"]

_ORDER: Final = list(EventKind)


def timeline(story: Story) -> list[Event]:
    """Everything that is known of a reference, in the order of time."""
    events = [*bet_events(story), *cancel_events(story, all_asked(story))]
    return sorted(events, key=lambda event: (event.at, _ORDER.index(event.kind)))
