"""What a receiver is asked for at a scrape, with all but its disk away."""

import asyncio
from pathlib import Path

from api.scrape import ScrapedState
from tests.making import cancel_of
from unbet import connect_to
from unbet.database.deployment import Identity
from unbet.runtime.settings import Settings
from unbet.spool import Spool, SpoolState


class Counted(Spool):
    """Knows how often it was looked at."""

    looks = 0

    def state(self) -> SpoolState:
        self.looks += 1
        return super().state()


async def test_who_asks_within_a_second_gets_the_same_answer_and_what_is_away_is_left_out(
    tmp_path: Path,
) -> None:
    spool = Counted(tmp_path)
    spool.append([cancel_of("r1")])
    settings = Settings(
        database_url="postgresql://127.0.0.1:1/unbet",
        broker_url="redis://127.0.0.1:1",
    )
    engine = connect_to(settings.database_url, name="test", pool_size=1)
    state = ScrapedState(settings, engine, spool, Identity())
    first, second = await asyncio.gather(state.families(), state.families())
    assert first is second
    assert spool.looks == 1
    up, size, files, age, kept = first
    assert {sample.labels["dependency"]: sample.value for sample in up.samples} == {
        "ledger": 0,
        "broker": 0,
        "replies": 0,
        "spool": 1,
    }
    assert [sample.value for sample in size.samples] == [
        sum(file.stat().st_size for file in tmp_path.iterdir())
    ]
    assert size.samples[0].value > 100
    assert [sample.value for sample in files.samples] == [1]
    assert 0 <= age.samples[0].value < 60
    assert {sample.labels["reason"]: sample.value for sample in kept.samples} == {
        "damaged": 0,
        "foreign": 0,
        "stuck": 0,
    }
    spool.close()
    engine.dispose()
