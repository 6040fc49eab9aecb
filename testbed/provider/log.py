"""The provider's own log of its requests and their answers: appended to, never changed."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from testbed.provider.answers import Code
from testbed.provider.connection import PLAIN
from testbed.provider.dialects import DIALECTS, V4, Case, DialectName
from testbed.provider.messages import Bet, Cancel, Win


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)


class Attempt(_Entry):
    """One transmission, and what came back."""

    at: datetime
    """When it was begun, UTC."""
    seconds: float
    """Until the answer, or until the provider stopped waiting for it."""
    status: int | None
    """HTTP's; None if nothing was answered, or if it was not sent by HTTP."""
    code: Code | None
    """The answer's; None for a temporary error."""
    text: str
    """The answer's description, or what the temporary error was."""
    answered_s: float | None = None
    """From the request's last byte to the answer's; None without an answer by HTTP."""
    client: str = PLAIN
    """How the provider's client behaved towards the connection."""

    @property
    def label(self) -> str:
        """Its code, or the kind of temporary error, for counting."""
        if self.code is not None:
            return str(self.code)
        if self.status is None:
            return "none"
        return "malformed" if self.status == 200 else f"HTTP {self.status}"


class Sent(_Entry):
    """One message of the provider, with its retransmissions."""

    round: int
    """The number of the round in its plan; a round's messages are about one bet."""
    scenario: str
    dialect: DialectName = V4.name
    """Of the codes below."""
    message: Annotated[Bet | Win | Cancel, Field(discriminator="kind")]
    expected: tuple[Code, ...]
    """The codes that the protocol allows here in a system without faults."""
    attempts: tuple[Attempt, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def written_off(self) -> bool:
        """No attempt brought what stops retransmission: the provider will not call again."""
        dialect = DIALECTS[self.dialect]
        stops = dialect.stops if isinstance(self.message, Cancel) else dialect.bet_stops
        return self.code not in stops

    @property
    def code(self) -> Code | None:
        """The last answer's."""
        return self.attempts[-1].code

    def unexpected(self) -> list[str]:
        """One line for each answer that the protocol does not allow here."""
        allowed = " or ".join(map(str, self.expected))
        retry = DIALECTS[self.dialect].allowed[Case.TEMPORARY]
        lines = []
        for number, attempt in enumerate(self.attempts, start=1):
            last = number == len(self.attempts)
            if attempt.code in self.expected or (attempt.code in retry and not last):
                continue
            answer = attempt.text if attempt.code is None else f"{attempt.code} ({attempt.text})"
            lines.append(f"{self._what()}, try {number}: {answer}, expected {allowed}")
        return lines

    def _what(self) -> str:
        uuid = f" uuid {self.message.uuid}" if isinstance(self.message, Cancel) else ""
        return f"{self.scenario}: {self.message.kind} {self.message.reference}{uuid}"


class Log(list[Sent]):
    """What was sent, in the order in which it was finished. Each entry also goes to `writers`, or
    only there unless it is `kept`: a long run's entries would fill the memory."""

    def __init__(self, *writers: Callable[[Sent], object], kept: bool = True) -> None:
        super().__init__()
        self._writers, self._kept = writers, kept

    def append(self, sent: Sent) -> None:
        """Add one entry."""
        if self._kept:
            super().append(sent)
        for write in self._writers:
            write(sent)


def read_log(file: Path) -> Iterator[Sent]:
    """The entries of a file of JSON lines, as `as_line` wrote them."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield Sent.model_validate_json(line)


def as_line(sent: Sent) -> str:
    """The entry as a line of JSON; amounts as text."""
    return f"{sent.model_dump_json()}\n"
