"""Rules about outcomes and their answers, repeated cancels among them: they need nothing but
cancels."""

import asyncio
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play
from testbed.conformance.rule import BEHAVES, CALL, CODES, OUTCOMES, Rules
from testbed.provider import AMOUNT, SUCCESS, Player
from unbet.wallets.ledger.operations import Balance

RULES: Final = Rules()

AT_ONCE: Final = 8


@RULES.rule("a placed bet is given back", CALL, "a cancel")
async def placed_bet(play: Play) -> None:
    await play.give_back("a cancel", await play.bets.placed())


@RULES.rule("success has the dialect's form", CALL, "a cancel")
async def form_of_success(play: Play) -> None:
    bet = await play.bets.placed()
    heard = await play.cancel("a cancel", bet)
    play.expect_success(heard)
    if heard.document is None:
        return
    document = heard.document
    if document.keys() != play.dialect.answer:
        names = ", ".join(sorted(play.dialect.answer))
        play.fault(heard, f"the answer has {', '.join(sorted(document))}, expected {names}")
    for name in play.dialect.answer & document.keys():
        value = document[name]
        right = {
            "error": type(value) is int,
            "description": isinstance(value, str) and value != "",
            "reference": value == bet.reference,
            "currency": value == bet.player.currency,
            "cash": isinstance(value, str) and _is_cash(value, bet.undone),
            "transactionId": isinstance(value, str) and value != "",
        }
        if not right[name]:
            play.fault(heard, f"{name} is {value!r}")


def _is_cash(value: str, money: Balance | None) -> bool:
    return bool(AMOUNT.fullmatch(value)) and (money is None or Decimal(value) == money.cash)


@RULES.rule("an unknown reference is a success", BEHAVES, "two cancels of no bet")
async def unknown_reference(play: Play) -> None:
    bet = await play.bets.unknown()
    await _cancel_twice(play, bet, "a cancel of no bet", "another of the same", SUCCESS)
    await play.expect_unmoved(bet)


@RULES.rule("a refused bet is a success", BEHAVES, "a cancel")
async def refused_bet(play: Play) -> None:
    bet = await play.bets.refused()
    play.expect_success(await play.cancel("a cancel of a refused bet", bet))
    await play.expect_unmoved(bet)


@RULES.rule("a settled bet is refused for good", OUTCOMES, "two cancels")
async def settled_bet(play: Play) -> None:
    bet, code = await play.bets.settled(), play.dialect.refused
    await _cancel_twice(play, bet, "a cancel of a settled bet", "another of the same", code)
    await play.expect_unmoved(bet)


async def _cancel_twice(play: Play, bet: PreparedBet, sent: str, again: str, code: int) -> None:
    """Two cancels, each with a uuid of its own, have the same answer."""
    first, other = await play.cancel(sent, bet), await play.cancel(again, bet)
    for heard in (first, other):
        play.expect(heard, {code})
    play.expect_equal(first, other)


@RULES.rule(
    "another player's cancel binds nobody",
    OUTCOMES,
    "another player's cancel three times, then the owner's",
)
async def other_player(play: Play) -> None:
    user_id, codes = play.bets.other_player, play.dialect.parameters
    bet = await play.bets.placed()
    named = Player(user_id, bet.player.currency)
    await _refuse_wrong(play, bet, named, codes, "another player's cancel", "then the owner's")


@RULES.rule(
    "a cancel in another currency binds nobody",
    CODES,
    "one in another currency three times, then the right one",
)
async def other_currency(play: Play) -> None:
    currency, sent = play.bets.other_currency, "a cancel in another currency"
    bet = await play.bets.placed()
    named = Player(bet.player.user_id, currency)
    await _refuse_wrong(play, bet, named, {play.dialect.currency}, sent, "then one in the bet's")


async def _refuse_wrong(
    play: Play, bet: PreparedBet, named: Player, codes: Collection[int], sent: str, then: str
) -> None:
    """As the provider retransmits it, who does not take this code for the last word."""
    wrong = play.cancel_of(bet, named).fields()
    first = await play.send(sent, wrong)
    for heard in (first, *[await play.send(f"{sent}, again", wrong) for _ in range(2)]):
        play.expect(heard, codes)
        play.expect_equal(first, heard)
    await play.expect_unmoved(bet)
    await play.give_back(then, bet)


@RULES.rule("the same cancel again is answered the same", BEHAVES, "a cancel three times")
async def same_cancel_again(play: Play) -> None:
    bet = await play.bets.placed()
    cancel = play.cancel_of(bet).fields()
    first = await play.send("a cancel", cancel)
    for heard in (first, *[await play.send("the same again", cancel) for _ in range(2)]):
        play.expect_success(heard)
        play.expect_equal(first, heard)
    await play.expect_back(bet)


@RULES.rule("another cancel of the bet is answered the same", OUTCOMES, "two cancels, two uuids")
async def another_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    await _cancel_twice(play, bet, "a cancel", "a cancel with another uuid", SUCCESS)
    await play.expect_back(bet)


@RULES.rule("cancels at once give back once", BEHAVES, f"{AT_ONCE} cancels at once, two uuids")
async def cancels_at_once(play: Play) -> None:
    bet = await play.bets.placed()
    same, other = play.cancel_of(bet).fields(), play.cancel_of(bet).fields()
    answers = await asyncio.gather(
        *(play.send("one of many at once", (same, other)[n % 2]) for n in range(AT_ONCE))
    )
    for heard in answers:
        play.expect_success(heard)
        play.expect_equal(answers[0], heard)
    await play.expect_back(bet)
