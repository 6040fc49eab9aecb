"""The processes of a Procfile, with real small programs for processes."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import until
from unbet.local.processes import ProcessError, Processes, how_it_ended
from unbet.local.services.process import is_alive


@contextmanager
def started(tmp_path: Path, **lines: str) -> Iterator[Processes]:
    procfile = tmp_path / "Procfile"
    procfile.write_text("".join(f"{name}: {line}\n" for name, line in lines.items()))
    processes = Processes(procfile, {"PATH": "/usr/bin:/bin"}, tmp_path / "logs", {"many": 2})
    processes.pauses_s = (0.0, 0.1, 0.1)
    processes.start()
    try:
        yield processes
    finally:
        processes.stop()


def test_what_ends_again_and_again_ends_all_with_its_reason_and_its_last_words(
    tmp_path: Path,
) -> None:
    said: list[str] = []

    def tend(processes: Processes) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            said.extend(processes.tend())
            time.sleep(0.01)

    with (
        started(tmp_path, bad="sh -c 'echo no such thing; exit 3'", good="sleep 60") as processes,
        pytest.raises(
            ProcessError, match=r"bad \(pid \d+\) ended by itself with exit status 3"
        ) as e,
    ):
        tend(processes)

    assert "after it had been started again 3 times within 60 seconds" in str(e.value)
    assert str(e.value).endswith("\n    no such thing")
    assert re.search(r"; started again as pid \d+$", said[0])
    assert said[1].endswith("it is started again in 0.1 s")
    assert re.fullmatch(r"bad is started again as pid \d+", said[2])


def test_what_a_killed_process_has_left_ends_before_it_is_started_again(tmp_path: Path) -> None:
    children = tmp_path / "children"
    line = f"sh -c 'sleep 60 & echo $! >>{children}; wait'"
    with started(tmp_path, parent=line) as processes:
        until(lambda: children.exists() and children.read_text().endswith("\n"), "no child")
        left = int(children.read_text())
        os.kill(os.getpgid(left), signal.SIGKILL)
        until(processes.tend, "it is not started again")
        until(lambda: not is_alive(left), "its child goes on")


def test_several_of_a_line_have_a_name_and_a_log_each(tmp_path: Path) -> None:
    with started(tmp_path, many="sh -c 'echo here; exec sleep 60'", one="sleep 60") as processes:
        for name in ("many.1", "many.2"):
            log = processes.log(name)
            until(lambda: log.read_text() == "here\n", name)  # noqa: B023 - called at once
        assert processes.log("one").exists()


def test_a_receiver_has_ended_before_the_others_are_asked_to(tmp_path: Path) -> None:
    order = tmp_path / "order"
    line = (
        'sh -c \'trap "sleep {pause}; echo {name} >>{order}; exit" TERM; echo >{ready};'
        " while :; do sleep 0.01; done'"
    )
    ready = {name: tmp_path / f"{name}-ready" for name in ("worker", "web")}
    pauses = {"worker": "0", "web": "0.5"}
    lines = {
        name: line.format(pause=pauses[name], name=name, order=order, ready=file)
        for name, file in ready.items()
    }
    with started(tmp_path, **lines):
        until(lambda: all(file.exists() for file in ready.values()), "they run")

    assert order.read_text().split() == ["web", "worker"]


def test_how_a_process_ended_is_told_in_words() -> None:
    assert how_it_ended(0) == "ended by itself with exit status 0"
    assert how_it_ended(-signal.SIGKILL) == "was killed by SIGKILL"
    assert how_it_ended(-40) == "was killed by signal 40"
