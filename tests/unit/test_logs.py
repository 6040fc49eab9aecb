"""What a provider sends does not steer the terminal of who reads the log, and lines stay lines."""

import fcntl
import json
import os
import select
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

SAY = (
    "from unbet.runtime import logs; import structlog, sys; logs.configure('console'); "
    "structlog.get_logger('receiver').info('answered', reference=sys.argv[1])"
)
LONG = 20_000
LOG_BUFFERED = f"""
from unbet.runtime import logs
import structlog
logs.configure("json")
log = structlog.get_logger("worker")
with logs.buffered():
    for number in range(1000):
        log.info("decided", number=number, body="x" * ({LONG} if number == 500 else 100))
log.info("after")
"""


@pytest.mark.parametrize(
    "reference", ["a\x1b[2J", "a\nb", "a\u009b31m", "a\u202eb", "a\u2028b", "a\x7fb"]
)
def test_a_line_stays_a_line_whatever_stands_in_it(reference: str) -> None:
    ran = subprocess.run([sys.executable, "-c", SAY, reference], capture_output=True, check=True)
    [line] = ran.stderr.decode().splitlines()
    assert line.isprintable(), ascii(line)


def test_a_line_is_json_whatever_stands_in_it() -> None:
    say = SAY.replace("'console'", "'json'")
    for reference in ("plain", "a\x1b[2J\n", os.fsdecode(b"\xff")):
        ran = subprocess.run(
            [sys.executable, "-c", say, reference], capture_output=True, check=True
        )
        [line] = ran.stderr.splitlines()
        said = json.loads(line)
        assert said["reference"] == reference
        age = datetime.now(UTC) - datetime.fromisoformat(said["timestamp"])
        assert timedelta(0) <= age < timedelta(minutes=1)
        assert said["timestamp"].endswith("Z")


def test_lines_written_together_are_all_there_in_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        subprocess.run([sys.executable, "-c", LOG_BUFFERED], stderr=file, check=True)
    written = (tmp_path / "log").read_text().splitlines()
    reading, writing = os.pipe()
    # Takes it all: who reads a log too slowly loses lines.
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 2**20)
    with open(reading, "rb") as pipe:
        subprocess.run([sys.executable, "-c", LOG_BUFFERED], stderr=writing, check=True)
        os.close(writing)
        piped = pipe.read().splitlines()
    for lines in (written, piped):
        said = [json.loads(line) for line in lines]
        assert [line.get("number") for line in said] == [*range(1000), None]


def test_lines_written_together_go_into_a_pipe_whole() -> None:
    """Processes share a pipe: a line must not be mixed with another process's."""
    reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen([sys.executable, "-c", LOG_BUFFERED], stderr=writing.fileno())
    with reading, process:
        writing.close()
        pieces = [*iter(lambda: reading.recv(1 << 20), b"")]  # as they were written
    assert process.returncode == 0
    assert len(pieces) < 100
    assert max(map(len, pieces)) <= select.PIPE_BUF
    # Only the line that is longer than a piece is in several.
    assert sum(not piece.endswith(b"\n") for piece in pieces) == LONG // select.PIPE_BUF


def test_lines_that_nobody_reads_are_counted_one_by_one() -> None:
    waiting = f"{LOG_BUFFERED}\nprint(flush=True)\ninput()\nlog.info('again')"
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.readline()  # it has gone on, though nobody reads
        early = os.read(process.stderr.fileno(), 1 << 20)
        process.stdin.write(b"\n")
        process.stdin.close()
        late = process.stderr.read()
    told = [json.loads(line) for line in late.splitlines() if b"lines_lost" in line]
    whole = [
        line for line in (early + late).splitlines() if b'"decided"' in line or b"after" in line
    ]
    assert [one["event"] for one in told] == ["nobody read the log"]
    assert told[0]["lines_lost"] + len(whole) == 1001
    assert len(whole) < 1001
