"""`make fuzz`: bodies of every kind through the parser, each judged, in every dialect in turn."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from random import SystemRandom

from api.dialects import DIALECTS, Dialect
from contract.collecting import collect_rarely
from tests.fuzz.bodies import Bodies, Body
from tests.fuzz.oracle import ACCEPTED, Verdict, judge

PROGRESS_EVERY_S = 10.0


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    chosen = parser.parse_args()
    collect_rarely()  # as the receiver does: else the slowest body is one that was searched at
    sys.exit(fuzz(chosen.bodies, chosen.seed))


def fuzz(count: int, seed: int, judge: Callable[[bytes, Dialect], Verdict] = judge) -> int:
    """The exit status: 1 at the first body that breaks a promise, which is shown."""
    say(f"{count:,} bodies, seed {seed} (FUZZ_SEED={seed} makes the same ones)")
    bodies, dialects = Bodies(seed), list(DIALECTS.values())
    said: Counter[str] = Counter()
    longest = 0.0
    started = shown = time.monotonic()
    for number in range(count):
        body, dialect = bodies.next(), dialects[number % len(dialects)]
        try:
            verdict = judge(body.content, dialect)
        except Exception as error:  # noqa: BLE001 - whatever it is, it was found
            say(found(body, dialect.name, error))
            return 1
        said[verdict.said] += 1
        longest = max(longest, verdict.seconds)
        if time.monotonic() - shown > PROGRESS_EVERY_S:
            shown = time.monotonic()
            say(f"  {number + 1:>9,} after {shown - started:.0f} s")
    for what, times in said.most_common():
        say(f"  {times:>9,} {what}")
    say(
        f"{count:,} bodies in {time.monotonic() - started:.0f} s: {said[ACCEPTED]:,} accepted, "
        f"{count - said[ACCEPTED]:,} refused, nothing found; "
        f"the slowest took {longest * 1000:.1f} ms."
    )
    return 0


def found(body: Body, dialect: str, error: Exception) -> str:
    """One sentence, and the body as a line for the list of known ones."""
    what = str(error) or "no text"
    return (
        f"Found: a body ({body.kind}) in {dialect} ends in {type(error).__name__}: {what}\n"
        f"For tests/fuzz/known.py:\n    {body.content!r},"
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
