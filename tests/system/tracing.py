"""Which files of ours control comes into, of a process that a test starts:
`python -c "from tests.system.tracing import trace; trace('name'); ..."`."""

import os
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple, TextIO

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = tuple(f"{ROOT / folder}{os.sep}" for folder in ("api", "worker", "unbet"))
DIRECTORY: Final = "UNBET_TEST_TRACE"
"""The variable that says where the entries are written, a file a process."""

ANSWERED: Final = "answered"
"""Stands where uvicorn is handed the answer's body."""

TAKEN: Final = "taken"
"""Stands where the worker's consumer has handed on a message to a child."""

SENT: Final = "sent"
"""Stands where the client of Redis is told to send what it was given, such as a reply."""


class Entry(NamedTuple):
    """Control comes into a file: by a call from another file, or by a coroutine that goes on."""

    at: float
    """By the machine's monotonic clock."""
    place: str
    """The process' name; that of its publishing threads, or of its children, if it is one."""
    file: str
    function: str


class _Log:
    def __init__(self, name: str) -> None:
        self._name = name
        self._file: TextIO | None = None

    def begin_anew(self) -> None:
        """In a child."""
        self._name, self._file = f"{self._name}'s child", None

    def write(self, file: str, function: str) -> None:
        if self._file is None:
            path = Path(os.environ[DIRECTORY]) / f"{os.getpid()}.trace"
            self._file = path.open("a", buffering=1)
        is_publishing = threading.current_thread().name.startswith("publish")
        place = f"{self._name}'s thread" if is_publishing else self._name
        self._file.write(f"{time.monotonic()}\t{place}\t{file}\t{function}\n")


def trace(name: str) -> None:
    """Note each entry of this process from now on, and of its threads and children."""
    log = _Log(name)
    os.register_at_fork(after_in_child=log.begin_anew)

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        if event == "return" and function == "on_message" and file.startswith(OURS):
            log.write("", TAKEN)
        if event != "call":
            return
        if file.startswith(OURS):
            if frame.f_back is None or frame.f_back.f_code.co_filename != file:
                log.write(file.removeprefix(f"{ROOT}{os.sep}"), function)
        elif function == "execute" and file.endswith(f"redis{os.sep}client.py"):
            log.write("", SENT)
        elif function == "send" and file.endswith("httptools_impl.py"):
            message = frame.f_locals.get("message")
            if message and message["type"] == "http.response.body":
                log.write("", ANSWERED)

    threading.setprofile(note)
    sys.setprofile(note)


def entries(directory: Path) -> list[Entry]:
    """All that was noted, in the order of time."""
    found = []
    for path in directory.glob("*.trace"):
        for line in path.read_text().splitlines():
            at, place, file, function = line.split("\t")
            found.append(Entry(float(at), place, file, function))
    return sorted(found)
