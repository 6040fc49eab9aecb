"""The parts of a chaos run, each by itself: service addresses, disks, recoveries, memory, logs."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ops.chaos.addresses import Addresses
from ops.chaos.disks import LimitedFiles, hover
from ops.chaos.keeping import MAX_LOG_BYTES, last_lines, trim
from ops.chaos.load_balancer import HOST, LoadBalancer
from ops.chaos.memory import Life
from ops.chaos.recovery import Recovery
from tests.waiting import until

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


Connect = Callable[[int], Awaitable[Caller]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens connections, and closes them when the test is over."""
    callers: list[Caller] = []

    async def connect(port: int) -> Caller:
        callers.append(Caller(await asyncio.open_connection(HOST, port)))
        return callers[-1]

    yield connect
    for caller in callers:
        caller.writer.close()


@pytest.fixture
def addresses() -> Iterator[Addresses]:
    addresses = Addresses()
    addresses.start()
    yield addresses
    addresses.stop()


async def test_an_address_that_moves_leaves_its_old_connections_where_they_are(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"old ") as old, echo(b"new ") as new:
        port = addresses.listen("it", old)
        before = await connect(port)
        assert await before.ask(b"1") == b"old 1"
        addresses.move("it", new)
        assert await (await connect(port)).ask(b"2") == b"new 2"
        assert await before.ask(b"3") == b"old 3"


async def test_silent_connections_stay_open_new_ones_work_and_afterwards_all_is_heard(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"") as server:
        port = addresses.listen("it", server)
        before = await connect(port)
        assert await before.ask(b"1") == b"1"
        assert addresses.silence_established("it") == 1
        before.writer.write(b"2\n")
        assert await before.hears_nothing()
        assert await (await connect(port)).ask(b"3") == b"3"
        addresses.resume("it")
        assert await before.hear() == b"2"


async def test_a_silent_address_accepts_and_says_nothing_to_anybody(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"") as server:
        port = addresses.listen("it", server)
        before = await connect(port)
        assert await before.ask(b"1") == b"1"
        addresses.silence_all("it")
        late = await connect(port)
        late.writer.write(b"2\n")
        before.writer.write(b"3\n")
        assert await late.hears_nothing()
        assert await before.hears_nothing()
        addresses.resume("it")
        assert await before.hear() == b"3"
        assert await (await connect(port)).ask(b"4") == b"4"


async def test_a_refusing_address_resets_what_is_connected_and_what_connects(
    addresses: Addresses, connect: Connect
) -> None:
    async with echo(b"") as server:
        port = addresses.listen("it", server)
        before = await connect(port)
        assert await before.ask(b"1") == b"1"
        addresses.refuse("it")
        with pytest.raises(ConnectionError):
            await before.hear()
        with pytest.raises(ConnectionError):
            await (await connect(port)).hear()
        addresses.resume("it")
        assert await (await connect(port)).ask(b"2") == b"2"


async def test_the_load_balancer_hands_on_the_end_of_a_request_and_then_its_answer(
    connect: Connect,
) -> None:
    async with echo(b"") as server:
        balancer = LoadBalancer([server])
        caller = await connect(await balancer.open())
        caller.writer.write(b"1\n")
        caller.writer.write_eof()
        assert await caller.hear() == b"1"
        assert await caller.hear() == b"end"
        await balancer.close()


def test_a_process_whose_files_are_limited_writes_a_part_and_then_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    script = """
import sys
file = open(sys.argv[1], "ab", buffering=0)
for line in sys.stdin:
    try:
        print(file.write(b"x" * 100), flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdin
        assert writer.stdout

        def write() -> str:
            assert writer.stdin
            assert writer.stdout
            writer.stdin.write("\n")
            writer.stdin.flush()
            return writer.stdout.readline().strip()

        try:
            disk = LimitedFiles(lambda: [writer.pid], 150)
            assert write() == "100"
            disk.fill()
            assert (write(), write()) == ("50", "File too large")
            disk.empty()
            assert write() == "100"
        finally:
            writer.stdin.close()
            writer.kill()


class CountingDisk:
    def __init__(self) -> None:
        self.did: list[str] = []

    def fill(self) -> None:
        self.did.append("fill")

    def empty(self) -> None:
        self.did.append("empty")


def test_a_hovering_disk_is_empty_in_the_end() -> None:
    disk, stop = CountingDisk(), threading.Event()
    hovering = threading.Thread(target=hover, args=(disk, stop))
    hovering.start()
    until(lambda: disk.did.count("fill") >= 2, "the disk is not filled again")
    stop.set()
    hovering.join(10)
    assert disk.did[:3] == ["fill", "empty", "fill"]
    assert disk.did[-1] == "empty"


def answers(recovery: Recovery, since: float, until: float, *, final: bool) -> None:
    for tenth in range(int(since * 100), int(until * 100), 3):
        recovery.add(tenth / 100, final=final)


def test_a_failover_is_over_with_the_first_second_whose_answers_are_final() -> None:
    recovery = Recovery("PostgreSQL", begun=100.0)
    answers(recovery, 100.0, 102.0, final=True)  # the old server still decides
    recovery.gone(102.0)
    answers(recovery, 102.0, 102.3, final=True)  # what it had decided
    answers(recovery, 102.3, 105.0, final=False)
    assert recovery.seconds is None
    answers(recovery, 105.0, 108.0, final=True)
    assert recovery.seconds == pytest.approx(5.0, abs=0.1)


def test_a_failover_without_final_answers_has_no_end() -> None:
    recovery = Recovery("Redis", begun=0.0)
    recovery.gone(0.0)
    answers(recovery, 0.0, 30.0, final=False)
    assert recovery.seconds is None


@pytest.mark.parametrize(
    ("seconds", "last_mb", "grows"),
    [(600, 200.0, True), (600, 140.0, False), (100, 200.0, False)],
    ids=["twice as much", "a little more", "too young"],
)
def test_memory_grows_when_a_long_life_ends_with_half_as_much_again(
    seconds: int, last_mb: float, *, grows: bool
) -> None:
    samples = [(float(t), 100.0 if t < seconds / 2 else last_mb) for t in range(0, seconds + 1, 5)]
    assert Life("receiver-1", "web", 0.0, samples).grows is grows


def test_a_long_log_is_put_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "receiver-1.log"
    log.parent.mkdir()
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * (MAX_LOG_BYTES // 4 + 1))
        trim(tmp_path)
        assert log.stat().st_size == 0
        writer.write(b"first\nsecond\n")
    assert last_lines(log, 1) == ("second",)
    assert log.with_name("receiver-1.log.1").stat().st_size > MAX_LOG_BYTES
