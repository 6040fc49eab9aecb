"""The parts of a chaos run, each by itself: disks, recoveries, memory, logs."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from testbed.chaos.disks import LimitedFiles, hover
from testbed.chaos.memory import Life
from testbed.chaos.program import MAX_LOG_BYTES, last_lines, trim
from testbed.chaos.recovery import Recovery
from tests.waiting import until


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
    assert Life("receiver-1", "web", samples).grows is grows


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
