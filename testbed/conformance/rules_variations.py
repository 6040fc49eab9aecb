"""Variations that are no reason to refuse a cancel, in the dialects that have signatures: what may
be missing, what may be more, and how the same can be written."""

from collections.abc import Iterable
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.nested import value_at, with_value, without
from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, OUTCOMES, Rules, elsewhere
from testbed.provider import Case, Dialect, Request

RULES: Final = Rules(elsewhere)


def _has_optional(dialect: Dialect) -> bool:
    return elsewhere(dialect) and bool(dialect.optional)


@RULES.rule("what may be missing is not demanded", DOCUMENTED, "each without one", _has_optional)
async def optional(play: Play) -> None:
    for way in play.dialect.optional:
        bet = await play.bets.any_bet()
        fields = without(play.fields_of(bet), way)
        heard = await play.send(f"{way} missing", fields)
        play.expect_done(heard, bet)
        await play.expect_back(bet)


@RULES.rule("unknown fields change nothing", OUTCOMES, "two fields more")
async def unknown_fields(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields = {**play.fields_of(bet), "laterField": "x", "bonusCode": "b-1"}
    play.expect_done(await play.send("fields of later versions", fields), bet)
    await play.expect_back(bet)


def _has_spellings(dialect: Dialect) -> bool:
    return elsewhere(dialect) and type(dialect).spellings is not Dialect.spellings


@RULES.rule("a cancel can be written in several ways", DOCUMENTED, "each", _has_spellings)
async def spellings(play: Play) -> None:
    number = 0
    while True:
        bet = await play.bets.any_bet()
        ways = [*_spelled(play, bet)]
        if number == len(ways):
            return
        sent, request = ways[number]
        heard = await play.send_request(sent, request, {})
        play.expect_done(heard, bet)
        await play.expect_back(bet)
        number += 1


def _spelled(play: Play, bet: PreparedBet) -> Iterable[tuple[str, Request]]:
    return play.dialect.spellings(play.fields_of(bet), play.endpoint.key)


def _has_lengths(dialect: Dialect) -> bool:
    return elsewhere(dialect) and bool(dialect.lengths)


@RULES.rule("the longest values are taken", DOCUMENTED, "each field at its longest", _has_lengths)
async def longest(play: Play) -> None:
    for way, most in play.dialect.lengths.items():
        fields = play.fields_of(await play.bets.unknown())
        fields = with_value(fields, way, str(value_at(fields, way)).ljust(most, "X"))
        play.expect_case(await play.send(f"{way} of {most} characters", fields), Case.UNKNOWN)
