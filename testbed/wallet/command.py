"""A command of the operator's, spoken to in lines of JSON: one request on its standard input, one
answer on its standard output."""

import json
import shlex
import subprocess
from contextlib import suppress
from queue import Empty, Queue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from testbed.rules import NotTriedError
from testbed.wallet.operator import OperatorError

MAX_LINE: Final = 1 << 16
"""Bytes of an answer."""
MAX_SHOWN: Final = 200
"""Characters of an answer that a person is shown."""
END_LIMIT_S: Final = 5.0
"""For the command to end once its input has."""


class Answer(BaseModel):
    """What a request is answered, if it has nothing to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Refused(Answer):
    cannot: str


class _Failed(Answer):
    error: str


Form = TypeVar("Form", bound=Answer)


class Command:
    """`with Command(line, limit_s) as command`: one process, one request at a time, each answered
    within `limit_s` seconds. Safe to use from several threads."""

    def __init__(self, line: str, limit_s: float) -> None:
        self._line = line
        self._limit_s = limit_s
        self._turn = Lock()
        self._answers: Queue[bytes] = Queue(maxsize=1)

    def __enter__(self) -> "Command":
        try:
            self._process = subprocess.Popen(
                shlex.split(self._line), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except (OSError, ValueError, IndexError) as error:
            raise OperatorError(f"{self._line!r} cannot be started: {error}.") from None
        Thread(target=self._read, name="command", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        process = self._process
        if kind:
            process.kill()
        try:
            assert process.stdin  # noqa: S101 - it was asked for
            process.stdin.close()
            process.wait(END_LIMIT_S)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def ask(self, form: type[Form], do: str, **values: object) -> Form:
        """The answer to the request `do`. Raises `NotTriedError` for what the command cannot do,
        `OperatorError` for whatever is no answer."""
        request = json.dumps({"do": do, **values}, ensure_ascii=False)
        with self._turn:
            line = self._exchange(request)
        try:
            document: Any = json.loads(line)
        except ValueError:
            raise OperatorError(f"{_told(line, request)}, which is no line of JSON.") from None
        if isinstance(document, dict) and document.keys() == {"cannot"}:
            raise NotTriedError(f"the command cannot {do}: {_Refused(**document).cannot}")
        if isinstance(document, dict) and document.keys() == {"error"}:
            raise OperatorError(f"{_told(line, request)}: it has failed.")
        try:
            return form.model_validate(document)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"])) or "it"
            raise OperatorError(f"{_told(line, request)}: {where}: {fault['msg']}.") from None

    def _exchange(self, request: str) -> bytes:
        assert self._process.stdin  # noqa: S101
        with suppress(OSError):  # it has ended, and may have said something before
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=self._limit_s)
        except Empty:
            raise OperatorError(
                f"the command has not answered {request} within {self._limit_s:g} s."
            ) from None
        if not line:
            self._ended(request)
        return line

    def _ended(self, request: str) -> None:
        try:
            status = self._process.wait(self._limit_s)
        except subprocess.TimeoutExpired:
            raise OperatorError(f"the command has closed its output at {request}.") from None
        raise OperatorError(f"the command has ended with status {status} at {request}.")

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101
        with self._process.stdout as answers:
            while line := answers.readline(MAX_LINE):
                self._answers.put(line)
        self._answers.put(b"")


def _told(line: bytes, request: str) -> str:
    shown = line.decode(errors="replace").rstrip("\n")[:MAX_SHOWN]
    return f"the command has answered {request} with {shown}"
