"""Rules about several bets in one request: all or nothing, each with its entry, in their order."""

import asyncio
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, Rules
from testbed.conformance.rules_bets import expect_late
from testbed.provider import Case, Dialect


def _batches(dialect: Dialect) -> bool:
    return dialect.batches


RULES: Final = Rules(_batches)
NEED_MONEY: Final = Rules(_batches, needs_money=True)

AT_ONCE: Final = 4
"""Half of them name the bets in the other order."""


@RULES.rule("several bets are given back by one request", DOCUMENTED, "a cancel of three, twice")
async def several(play: Play) -> None:
    bets = [await play.bets.placed() for _ in range(3)]
    fields = play.fields_of(bets[0], others=_references(bets[1:]))
    first = await play.send("a cancel of three bets", fields)
    play.expect_case(first, Case.FIRST)
    if not all(play.dialect.lasting(first.document or {})):
        play.fault(first, "a bet that was given back is told to be none")
    await play.expect_back(bets[0])
    again = await play.send("the same again", fields)
    play.expect_case(again, Case.REPEATED)
    play.expect_equal(first, again)
    await play.expect_back(bets[0])


@RULES.rule("what was undone is no hindrance to others", DOCUMENTED, "a cancel, one of three")
async def undone_among_others(play: Play) -> None:
    bets = [await play.bets.placed() for _ in range(3)]
    play.expect_case(await play.cancel("a cancel of the second", bets[1]), Case.FIRST)
    fields = play.fields_of(bets[0], others=_references(bets[1:]))
    play.expect_case(await play.send("then one of all three", fields), Case.FIRST)
    await play.expect_back(bets[0])


@RULES.rule("an unknown bet is no hindrance to others", DOCUMENTED, "one of no bet and of two")
async def unknown_among_others(play: Play) -> None:
    bets = [await play.bets.placed() for _ in range(2)]
    unknown = await play.bets.unknown()
    fields = play.fields_of(bets[0], others=(unknown.reference, bets[1].reference))
    play.expect_case(await play.send("a cancel of no bet and of two", fields), Case.FIRST)
    await play.expect_back(bets[0])


@RULES.rule("a bet named twice is given back once", DOCUMENTED, "a cancel that names it twice")
async def twice_in_one(play: Play) -> None:
    bet = await play.bets.placed()
    fields = play.fields_of(bet, others=(bet.reference,))
    play.expect_case(await play.send("a cancel that names the bet twice", fields), Case.FIRST)
    await play.expect_back(bet)


@RULES.rule("another player's bet undoes none of the others", DOCUMENTED, "one of two players")
async def all_or_nothing(play: Play) -> None:
    others = await play.bets.other_players()
    bet = await play.bets.placed()
    last = await play.bets.placed()
    fields = play.fields_of(bet, others=(others.reference, last.reference))
    play.expect_case(await play.send("a cancel of two players' bets", fields), Case.OTHER_PLAYER)
    await play.expect_unmoved(last)
    await play.expect_unmoved(others)
    fields = play.fields_of(bet, others=(last.reference,))
    play.expect_case(await play.send("then one of the player's own", fields), Case.FIRST)
    await play.expect_back(bet)
    await play.expect_unmoved(others)


@RULES.rule("with a settled bet all others are back, or none", DOCUMENTED, "one of a settled bet")
async def settled_among_others(play: Play) -> None:
    settled = await play.bets.settled()
    bet = await play.bets.placed()
    fields = play.fields_of(bet, others=(settled.reference,))
    heard = await play.send("a cancel of a bet and of a settled one", fields)
    play.expect_case(heard, Case.SETTLED)
    if heard.attempt.code in play.dialect.allowed[Case.FIRST]:
        await play.expect_back(bet)
    else:
        await play.expect_unmoved(bet)


@NEED_MONEY.rule("cancels of several at once give back once", DOCUMENTED, f"{AT_ONCE} of two bets")
async def at_once(play: Play) -> None:
    bets = [await play.bets.placed() for _ in range(2)]
    named = [play.fields_of(a, others=(b.reference,)) for a, b in (bets, bets[::-1])]
    answers = await asyncio.gather(
        *(play.send("one of many at once", named[n % 2]) for n in range(AT_ONCE))
    )
    for heard in answers:
        play.expect_case(heard, Case.FIRST, Case.REPEATED)
    await play.expect_back(bets[0])


@NEED_MONEY.rule(
    "a late bet takes nothing, whatever its cancel named besides",
    DOCUMENTED,
    "one of no bet, of one and of no bet, then the late ones",
)
async def late_bets(play: Play) -> None:
    bet = await play.bets.placed()
    first, last = await play.bets.unknown(), await play.bets.unknown()
    fields = play.fields_of(first, others=(bet.reference, last.reference))
    play.expect_case(
        await play.send("a cancel of no bet, of one and of no bet", fields), Case.FIRST
    )
    await play.expect_back(bet)
    for what, late in (("the first late bet", first), ("the last late bet", last)):
        expect_late(play, what, await play.bets.place(late))
        await play.expect_back(bet)


def _references(bets: list[PreparedBet]) -> tuple[str, ...]:
    return tuple(bet.reference for bet in bets)
