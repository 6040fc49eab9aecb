"""What a receiver does in the background outlives a bug."""

import asyncio

from api.app import keep_running


async def test_what_goes_on_in_the_background_begins_anew_after_a_bug() -> None:
    begun: list[int] = []
    again = asyncio.Event()

    async def work() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise KeyError("a bug")
        again.set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(keep_running(work))
    async with asyncio.timeout(10):
        await again.wait()
    keeping.cancel()
    assert len(begun) == 2
