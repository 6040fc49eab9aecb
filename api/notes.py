"""Records the answers in the ledger, in batches. No answer waits for it."""

import asyncio
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from unbet.database.deadlines import run_within
from unbet.database.faults import first_line
from unbet.journal.answers import AnswerNote, note_answers

INTERVAL_S: Final = 0.5
LIMIT_S: Final = 3.0
MAX_KEPT: Final = 20_000
"""Best effort: while the ledger is away, answers beyond this number are dropped and counted."""

log = structlog.get_logger("receiver")


class Notes:
    """Collects answers and writes them from a thread of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._notes: list[AnswerNote] = []
        self._dropped = 0

    def add(self, note: AnswerNote) -> None:
        """Keep `note` for the next batch."""
        if len(self._notes) < MAX_KEPT:
            self._notes.append(note)
        else:
            self._dropped += 1

    async def keep_writing(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what has been collected; on failure it is kept for the next time."""
        batch, self._notes = self._notes, []
        if not batch:
            return
        try:
            await asyncio.to_thread(
                run_within, self._engine, LIMIT_S, partial(note_answers, notes=batch)
            )
        except SQLAlchemyError as error:
            self._notes = (batch + self._notes)[:MAX_KEPT]
            log.warning("answers were not recorded", answers=len(batch), error=first_line(error))
        if self._dropped:
            log.warning("answers were dropped", answers=self._dropped)
            self._dropped = 0
