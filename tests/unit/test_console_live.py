"""One reading for all who watch, none while nobody does; what hangs holds up nothing else."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
import structlog
from sqlalchemy.exc import ProgrammingError

from unbet.broker.queue_state import QueueState
from unbet.console.live import Live
from unbet.console.probes import Probes
from unbet.console.receivers import Receivers
from unbet.console.source import Source

QUEUE = QueueState(length=3, unacked=0, oldest_age_s=1.0)


class Part:
    """One thing that is looked at, which the test may break."""

    def __init__(self, value: object) -> None:
        self.value, self.hangs, self.probes = value, False, 0
        self.error: Exception | None = None
        self.source: Source[Any] = Source(self._read, every_s=0.02, limit_s=0.1)

    async def _read(self) -> object:
        self.probes += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.error is not None:
            raise self.error
        return self.value


class System:
    """What `Probes` has, out of parts."""

    def __init__(self) -> None:
        self.parts = {
            "ledger": Part(None),
            "queue": Part(QUEUE),
            "workers": Part(("one",)),
            "receivers": Part(Receivers(1, 0, 1, {}, 0, 0, 0, 0, None)),
        }
        self.sources = [part.source for part in self.parts.values()]
        for name, part in self.parts.items():
            setattr(self, name, part.source)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr("unbet.console.live.INTERVAL_S", 0.02)
    return System()


@asynccontextmanager
async def reading(system: System) -> AsyncIterator[Live]:
    live = Live(cast(Probes, system))
    task = asyncio.create_task(live.keep_reading())
    try:
        yield live
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def leave(viewer: AsyncIterator[bytes]) -> None:
    assert isinstance(viewer, AsyncGenerator)
    await viewer.aclose()


async def until(events: AsyncIterator[bytes], words: bytes) -> None:
    async with asyncio.timeout(5):
        async for event in events:
            if words in event:
                return


async def test_all_who_watch_are_sent_the_same_and_the_parts_are_asked_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All are given one event before the next is made.
    monkeypatch.setattr("unbet.console.live.INTERVAL_S", 0.1)
    async with reading(system) as live, asyncio.timeout(5):
        viewers = [live.follow() for _ in range(20)]
        for viewer in viewers:
            await anext(viewer)
        before = system.parts["queue"].probes
        events = await asyncio.gather(*(anext(viewer) for viewer in viewers))
        assert len({id(event) for event in events}) == 1
        assert system.parts["queue"].probes - before < len(viewers)
        for viewer in viewers:
            await leave(viewer)


async def test_nothing_is_read_while_nobody_watches(system: System) -> None:
    async with reading(system) as live:
        await asyncio.sleep(0.1)
        assert [part.probes for part in system.parts.values()] == [0, 0, 0, 0]
        viewer = live.follow()
        await anext(viewer)
        await leave(viewer)
        await asyncio.sleep(0.1)
        before = system.parts["queue"].probes
        await asyncio.sleep(0.2)
        assert system.parts["queue"].probes == before


async def test_a_part_that_is_away_is_said_to_be_and_comes_back_by_itself(system: System) -> None:
    async with reading(system) as live:
        viewer = live.follow()
        await until(viewer, b'"title":"Looking"')
        system.parts["queue"].error = ConnectionRefusedError("redis://:password@host")
        await until(viewer, b'"title":"Redis does not answer"')
        assert b"password" not in await anext(viewer)
        system.parts["queue"].error = None
        await until(viewer, b'"title":"Looking"')
        await leave(viewer)


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("redis://:password@host"),
        ProgrammingError("SELECT 'password'", {}, Exception("a right is missing")),
    ],
)
async def test_an_error_that_nobody_foresaw_takes_one_part_and_its_place_is_logged(
    system: System, error: Exception
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with reading(system) as live:
            viewer = live.follow()
            await anext(viewer)
            system.parts["queue"].error = error
            await until(viewer, b'"title":"Redis cannot be read"')
            assert b"password" not in await anext(viewer)
            assert str(system.parts["queue"].source.away).startswith("cannot be read (")
            probes = system.parts["queue"].probes
            system.parts["queue"].error = None
            await until(viewer, b'"title":"Looking"')
            assert system.parts["queue"].probes > probes
            await leave(viewer)
    assert [(line["event"], line["exc_info"]) for line in lines] == [("a probe failed", True)]


async def test_reading_that_fails_altogether_is_logged_and_begins_anew(system: System) -> None:
    with structlog.testing.capture_logs() as lines:
        async with reading(system) as live:
            viewer = live.follow()
            await anext(viewer)
            system.parts["queue"].value = "what no page can show"
            async with asyncio.timeout(5):
                while not lines:
                    await asyncio.sleep(0.01)
            system.parts["queue"].value = QUEUE
            await until(viewer, b'"title":"Looking"')
            await leave(viewer)
    assert {line["event"] for line in lines} == {"reading failed and is restarted"}


async def test_a_part_that_hangs_is_away_after_its_limit_and_holds_up_no_other(
    system: System,
) -> None:
    async with reading(system) as live:
        viewer = live.follow()
        await anext(viewer)
        system.parts["queue"].hangs = True
        await until(viewer, b'"title":"Redis does not answer"')
        probes = system.parts["workers"].probes
        await until(viewer, b'"title":"Redis does not answer"')
        assert system.parts["workers"].probes > probes
        await leave(viewer)


async def test_no_more_pages_follow_than_there_is_room_for(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unbet.console.live.MAX_VIEWERS", 2)
    async with reading(system) as live:
        viewers = [live.follow(), live.follow()]
        assert not live.full
        for viewer in viewers:
            await anext(viewer)
        assert live.full
        await leave(viewers[0])
        assert not live.full
        await leave(viewers[1])
