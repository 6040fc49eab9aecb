"""Rules about references, which name one bet and no other."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from testbed.conformance.bets import new_reference
from testbed.conformance.play import Play
from testbed.conformance.rule import CALL, Rules
from testbed.provider import Case, Dialect, LuckyMonaco

RULES: Final = Rules(needs_money=True)

UUID_LENGTH: Final = 36
"""Characters of a reference that any provider may send, where the documents do not say."""


@RULES.rule(
    "references are compared exactly", CALL, "cancels of its capitals, its start, it and a blank"
)
async def exact_reference(play: Play) -> None:
    bet = await play.bets.placed()
    for sent, reference, cases in _nearly(play.dialect, bet.reference):
        heard = await play.cancel(f"a cancel of {sent}", replace(bet, reference=reference))
        play.expect_case(heard, *cases)
        await play.expect_unmoved(bet)
    await play.give_back("then the right one", bet)


def _nearly(dialect: Dialect, reference: str) -> Iterator[tuple[str, str, tuple[Case, ...]]]:
    yield "its capitals", reference.upper(), (Case.UNKNOWN,)
    yield "all but its last character", reference[:-1], (Case.UNKNOWN,)
    # Blanks at the end of an element of XML say nothing; elsewhere a reference with one may be
    # malformed.
    if "xml" not in dialect.content_type:
        yield "it and a blank", f"{reference} ", (Case.UNKNOWN, Case.MALFORMED)


@RULES.rule(
    "references are compared to their last character", CALL, "two cancels of the longest ones"
)
async def longest_reference(play: Play) -> None:
    start = new_reference().ljust(_longest(play.dialect) - 1, "0")
    first = await play.bets.placed_as(f"{start}a")
    second = await play.bets.placed_as(f"{start}b")
    await play.give_back("a cancel of the second bet", second)
    await play.give_back("then one of the first", first)


def _longest(dialect: Dialect) -> int:
    known = dialect.limits if isinstance(dialect, LuckyMonaco) else dialect.lengths
    return known.get(dialect.reference) or UUID_LENGTH
