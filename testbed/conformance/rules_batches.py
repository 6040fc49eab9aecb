"""Rules about several bets in one request: all or nothing, each with its entry, in their order."""

from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, Rules
from testbed.provider import Case, Dialect


def _batches(dialect: Dialect) -> bool:
    return dialect.batches


RULES: Final = Rules(_batches)


@RULES.rule("several bets are given back by one request", DOCUMENTED, "a cancel of three, twice")
async def several(play: Play) -> None:
    bets = [await play.bets.placed() for _ in range(3)]
    fields = play.fields_of(bets[0], others=_references(bets[1:]))
    first = await play.send("a cancel of three bets", fields)
    play.expect_case(first, Case.FIRST)
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


def _references(bets: list[PreparedBet]) -> tuple[str, ...]:
    return tuple(bet.reference for bet in bets)
