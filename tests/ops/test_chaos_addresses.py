"""The chaos run's service addresses and its load balancer, with real connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from testbed.chaos.addresses import Addresses
from testbed.chaos.relay import HOST

SOON_S = 0.3
"""Long enough to be sure that nothing comes."""


@asynccontextmanager
async def echo(prefix: bytes) -> AsyncIterator[int]:
    """A server that sends back each line behind its prefix; its port."""

    serving: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(writer)
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(prefix + line)
        writer.write(prefix + b"end")
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in serving:
        writer.close()


class Caller:
    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.reader, self.writer = streams

    async def ask(self, line: bytes) -> bytes:
        self.writer.write(line + b"\n")
        return await self.hear()

    async def hear(self) -> bytes:
        async with asyncio.timeout(5):
            return (await self.reader.readline()).strip()

    async def hears_nothing(self) -> bool:
        try:
            async with asyncio.timeout(SOON_S):
                return await self.reader.read(1) == b"never"
        except TimeoutError:
            return True


Connect = Callable[[], Awaitable[Caller]]


@pytest.fixture
async def connect(addresses: Addresses) -> AsyncIterator[Connect]:
    """Opens connections to the address "it", and closes them when the test is over."""
    callers: list[Caller] = []

    async def connect() -> Caller:
        callers.append(Caller(await asyncio.open_connection(HOST, addresses.ports["it"])))
        return callers[-1]

    yield connect
    for caller in callers:
        caller.writer.close()


@pytest.fixture
async def before(addresses: Addresses, connect: Connect) -> AsyncIterator[Caller]:
    """Is connected: "it" leads to a server that sends back what it hears."""
    async with echo(b"") as server:
        addresses.listen("it", server)
        caller = await connect()
        assert await caller.ask(b"1") == b"1"
        yield caller


async def test_an_address_that_moves_leaves_its_old_connections_where_they_are(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"old ") as old, echo(b"new ") as new:
        addresses.listen("it", old)
        before = await connect()
        assert await before.ask(b"1") == b"old 1"
        addresses.move("it", new)
        assert await (await connect()).ask(b"2") == b"new 2"
        assert await before.ask(b"3") == b"old 3"


async def test_silent_connections_stay_open_new_ones_work_and_afterwards_all_is_heard(
    addresses: Addresses, connect: Connect, before: Caller
) -> None:
    assert addresses.silence_established("it") == 1
    before.writer.write(b"2\n")
    assert await before.hears_nothing()
    assert await (await connect()).ask(b"3") == b"3"
    addresses.resume("it")
    assert await before.hear() == b"2"


async def test_a_silent_address_accepts_and_says_nothing_to_anybody(
    addresses: Addresses, connect: Connect, before: Caller
) -> None:
    addresses.silence_all("it")
    late = await connect()
    late.writer.write(b"2\n")
    before.writer.write(b"3\n")
    assert await late.hears_nothing()
    assert await before.hears_nothing()
    addresses.resume("it")
    assert await before.hear() == b"3"
    assert await (await connect()).ask(b"4") == b"4"


async def test_a_refusing_address_resets_what_is_connected_and_what_connects(
    addresses: Addresses, connect: Connect, before: Caller
) -> None:
    addresses.refuse("it")
    with pytest.raises(ConnectionError):
        await before.hear()
    with pytest.raises(ConnectionError):
        await (await connect()).hear()
    addresses.resume("it")
    assert await (await connect()).ask(b"2") == b"2"


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
async def test_the_end_of_a_request_is_handed_on_and_then_its_answer(
    addresses: Addresses, connect: Connect, *, at_once: bool
) -> None:
    async with echo(b"") as server:
        addresses.listen("it", server)
        caller = await connect()
        caller.writer.write(b"1\n")
        if not at_once:
            assert await caller.hear() == b"1"
        caller.writer.write_eof()
        if at_once:
            assert await caller.hear() == b"1"
        assert await caller.hear() == b"end"


async def test_several_targets_take_turns_and_one_that_is_away_is_passed_over(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"first ") as first, echo(b"second ") as second:
        addresses.listen("it", first, second)
        answers = [await (await connect()).ask(b"1") for _ in range(4)]
        assert sorted(answers) == [b"first 1", b"first 1", b"second 1", b"second 1"]
        async with echo(b"third ") as third:
            addresses.move("it", first, third)
        answers = [await (await connect()).ask(b"2") for _ in range(4)]
        assert answers == [b"first 2"] * 4


async def test_where_nobody_listens_connections_stay_and_new_ones_are_refused(
    addresses: Addresses, connect: Connect, before: Caller
) -> None:
    addresses.stop_listening("it")
    with pytest.raises(ConnectionRefusedError):
        await connect()
    assert await before.ask(b"2") == b"2"
    port = addresses.ports["it"]
    assert addresses.listen_again("it") == port
    assert await (await connect()).ask(b"3") == b"3"


async def test_after_a_silence_new_connections_alone_can_work_again(
    addresses: Addresses, connect: Connect, before: Caller
) -> None:
    addresses.silence_all("it")
    before.writer.write(b"2\n")
    addresses.resume_new("it")
    assert await (await connect()).ask(b"3") == b"3"
    assert await before.hears_nothing()
