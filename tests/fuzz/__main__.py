"""`make fuzz`: requests of every form through the reader, in every dialect in turn, a quarter as
many signatures, and half as many messages and replies through their readers; each is judged."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from random import SystemRandom
from typing import NamedTuple

from tests.fuzz.bodies import Bodies, Body
from tests.fuzz.checks import judge_request
from tests.fuzz.messages import KINDS, Found, Kind, Messages
from tests.fuzz.messages import judge as judge_message
from tests.fuzz.oracle import ACCEPTED, Judgement, judge
from tests.fuzz.reading import PATHS
from tests.fuzz.requests import Requests
from tests.fuzz.signatures import Signatures, judge_signature
from tests.fuzz.signing import OWN
from unbet.dialects import DIALECTS
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.port import Dialect
from unbet.runtime.gc_tuning import tune_gc

PROGRESS_INTERVAL_S = 10.0


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    chosen = parser.parse_args()
    tune_gc()  # as the receiver does: else the slowest body is one that was searched at
    sys.exit(
        fuzz(chosen.bodies, chosen.seed)
        or fuzz_signatures(chosen.bodies // 4, chosen.seed)
        or fuzz_messages(chosen.bodies // 2, chosen.seed)
    )


class Source(NamedTuple):
    """A dialect, what is sent in it, and who judges that."""

    dialect: Dialect
    next: Callable[[], Body]
    judge: Callable[[bytes, Dialect], Judgement]


def sources(seed: int) -> Iterator[Source]:
    """Of every dialect there is, and of those of tests."""
    for number, dialect in enumerate((V4, V1)):
        yield Source(dialect, Bodies(seed + number).next, judge)
    others = [one for one in DIALECTS.values() if one.name in PATHS]
    for number, dialect in enumerate((*others, *OWN), 2):
        yield Source(dialect, Requests(seed + number, dialect).next, judge_request)


def fuzz(
    count: int, seed: int, instead: Callable[[bytes, Dialect], Judgement] | None = None
) -> int:
    """The exit status: 1 at the first body that breaks a promise, which is shown. `instead` judges
    in place of those who know the dialects."""
    say(f"{count:,} bodies, seed {seed} (FUZZ_SEED={seed} makes the same ones)")
    made = list(sources(seed))
    say(f"in {', '.join(one.dialect.name for one in made)}")
    said: Counter[str] = Counter()
    longest = (0.0, "")
    progress = Progress()
    for number in range(count):
        source = made[number % len(made)]
        body = source.next()
        try:
            judgement = (instead or source.judge)(body.content, source.dialect)
        except Exception as error:  # noqa: BLE001 - whatever it is, it was found
            say(found(f"a body ({body.kind}) in {source.dialect.name}", error))
            say(f"For tests/fuzz/known.py:\n    {body.content!r},")
            return 1
        said[judgement.said] += 1
        longest = max(longest, (judgement.seconds, f"{body.kind}, {source.dialect.name}"))
        progress.show(number + 1)
    tell(said)
    say(
        f"{count:,} bodies in {progress.seconds():.0f} s: {said[ACCEPTED]:,} accepted, "
        f"{count - said[ACCEPTED]:,} refused, nothing found; "
        f"the slowest ({longest[1]}) took {longest[0] * 1000:.1f} ms."
    )
    return 0


def fuzz_signatures(count: int, seed: int) -> int:
    """The same of signatures and secrets, of each way to know a provider."""
    say(f"{count:,} signatures, seed {seed}")
    signatures = Signatures(seed)
    said: Counter[str] = Counter()
    progress = Progress()
    for number in range(count):
        signature = signatures.next()
        try:
            said[judge_signature(signature)] += 1
        except Exception as error:  # noqa: BLE001 - as above
            say(found(f"a signature ({signature.kind})", error))
            say(f"It is:\n    {signature!r}")
            return 1
        progress.show(number + 1)
    tell(said)
    say(f"{count:,} signatures in {progress.seconds():.0f} s: nothing found.")
    return 0


def fuzz_messages(
    count: int, seed: int, judge: Callable[[Kind, Found], str] = judge_message
) -> int:
    """The same of what may lie in Redis: messages and replies in turn."""
    say(f"{count:,} messages and replies, seed {seed}")
    made = [(kind, Messages(kind, seed)) for kind in KINDS]
    said: Counter[str] = Counter()
    progress = Progress()
    for number in range(count):
        kind, messages = made[number % len(made)]
        message = messages.next()
        try:
            said[judge(kind, message)] += 1
        except Exception as error:  # noqa: BLE001 - as above
            say(found(f"a {kind.name} ({message.made})", error))
            say(f"It is:\n    {message!r}")
            return 1
        progress.show(number + 1)
    tell(said)
    say(f"{count:,} messages and replies in {progress.seconds():.0f} s: nothing found.")
    return 0


class Progress:
    """How far a long run is, now and then."""

    def __init__(self) -> None:
        self._started = self._shown = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._started

    def show(self, number: int) -> None:
        if time.monotonic() - self._shown > PROGRESS_INTERVAL_S:
            self._shown = time.monotonic()
            say(f"  {number:>9,} after {self.seconds():.0f} s")


def tell(said: Counter[str]) -> None:
    for what, times in said.most_common():
        say(f"  {times:>9,} {what}")


def found(what: str, error: Exception) -> str:
    return f"Found: {what} ends in {type(error).__name__}: {str(error) or 'no text'}"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
