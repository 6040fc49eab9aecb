"""Rules about outcomes and their answers, repeated cancels among them: they need nothing but
cancels."""

import asyncio
from decimal import Decimal
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play
from testbed.conformance.rule import (
    BEHAVES,
    CALL,
    CODES,
    DOCUMENTED,
    OUTCOMES,
    Rules,
    elsewhere,
    lucky_monaco,
)
from testbed.provider import AMOUNT, Case, Dialect, Player
from unbet.wallets.ledger.operations import Balance

RULES: Final = Rules()

AT_ONCE: Final = 8


def names_player(dialect: Dialect) -> bool:
    """Whether the player is sent."""
    return dialect.player is not None


def names_currency(dialect: Dialect) -> bool:
    """Whether the currency is sent."""
    return dialect.currency is not None


def tells_balance(dialect: Dialect) -> bool:
    """Whether a success has the balance."""
    return elsewhere(dialect) and type(dialect).balance_of is not Dialect.balance_of


@RULES.rule("a placed bet is given back", CALL, "a cancel")
async def placed_bet(play: Play) -> None:
    await play.give_back("a cancel", await play.bets.placed())


@RULES.rule("success has the dialect's form", DOCUMENTED, "a cancel", elsewhere)
async def form_of_answer(play: Play) -> None:
    bet = await play.bets.placed()
    fields = play.fields_of(bet)
    play.expect_case(await play.send("a cancel", fields, gives_back=True), Case.FIRST)


@RULES.rule("the balance is the player's, in its unit", DOCUMENTED, "a cancel", tells_balance)
async def balance(play: Play) -> None:
    bet = await play.bets.placed()
    heard = await play.cancel("a cancel", bet)
    told = play.dialect.balance_of(heard.document or {})
    if told is None:
        play.fault(heard, "the answer tells no balance")
    elif bet.undone and told not in (bet.undone.cash, bet.undone.cash + bet.undone.bonus):
        play.fault(heard, f"the balance is {told:f}, expected {bet.undone.cash:f}")


@RULES.rule("success has the dialect's form", CALL, "a cancel", lucky_monaco)
async def form_of_success(play: Play) -> None:
    bet = await play.bets.placed()
    heard = await play.cancel("a cancel", bet)
    play.expect_success(heard)
    if heard.document is None:
        return
    document, expected = heard.document, play.lucky_monaco.answer
    if document.keys() != expected:
        names = ", ".join(sorted(expected))
        play.fault(heard, f"the answer has {', '.join(sorted(document))}, expected {names}")
    for name in expected & document.keys():
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


@RULES.rule("an unknown reference is a success", BEHAVES, "two cancels of no bet", lucky_monaco)
@RULES.rule("an unknown reference has its answer", DOCUMENTED, "two cancels of no bet", elsewhere)
async def unknown_reference(play: Play) -> None:
    bet = await play.bets.unknown()
    await _cancel_twice(play, bet, "a cancel of no bet", "another of the same", Case.UNKNOWN)
    await play.expect_unmoved(bet)


@RULES.rule("a refused bet is a success", BEHAVES, "a cancel", lucky_monaco)
@RULES.rule("a refused bet gives nothing back", DOCUMENTED, "a cancel", elsewhere)
async def refused_bet(play: Play) -> None:
    bet = await play.bets.refused()
    play.expect_case(await play.cancel("a cancel of a refused bet", bet), Case.BET_REFUSED)
    await play.expect_unmoved(bet)


@RULES.rule("a settled bet is refused for good", OUTCOMES, "two cancels", lucky_monaco)
@RULES.rule("a settled bet gives nothing back", DOCUMENTED, "two cancels", elsewhere)
async def settled_bet(play: Play) -> None:
    bet, case = await play.bets.settled(), Case.SETTLED
    await _cancel_twice(play, bet, "a cancel of a settled bet", "another of the same", case)
    await play.expect_unmoved(bet)


async def _cancel_twice(
    play: Play, bet: PreparedBet, sent: str, again: str, case: Case, then: Case | None = None
) -> None:
    """Two cancels, each with a uuid of its own, have the same answer, or the second that of the
    case `then`."""
    first, other = await play.cancel(sent, bet), await play.cancel(again, bet)
    play.expect_case(first, case)
    play.expect_case(other, then or case)
    if play.dialect.alike:
        play.expect_equal(first, other)


@RULES.rule(
    "another player's cancel binds nobody",
    OUTCOMES,
    "another player's cancel three times, then the owner's",
    names_player,
)
async def other_player(play: Play) -> None:
    user_id, case = play.bets.other_player, Case.OTHER_PLAYER
    bet = await play.bets.placed()
    named = Player(user_id, bet.player.currency)
    await _refuse_wrong(play, bet, named, case, "another player's cancel", "then the owner's")


@RULES.rule(
    "a cancel in another currency binds nobody",
    CODES,
    "one in another currency three times, then the right one",
    names_currency,
)
async def other_currency(play: Play) -> None:
    currency, sent = play.bets.other_currency, "a cancel in another currency"
    bet = await play.bets.placed()
    named = Player(bet.player.user_id, currency)
    await _refuse_wrong(play, bet, named, Case.OTHER_CURRENCY, sent, "then one in the bet's")


async def _refuse_wrong(
    play: Play, bet: PreparedBet, named: Player, case: Case, sent: str, then: str
) -> None:
    """As the provider retransmits it, who does not take this code for the last word."""
    wrong = play.fields_of(bet, named)
    first = await play.send(sent, wrong)
    for heard in (first, *[await play.send(f"{sent}, again", wrong) for _ in range(2)]):
        play.expect_case(heard, case)
        if play.dialect.alike:
            play.expect_equal(first, heard)
    await play.expect_unmoved(bet)
    await play.give_back(then, bet)


@RULES.rule("the same cancel again is answered the same", BEHAVES, "a cancel three times")
async def same_cancel_again(play: Play) -> None:
    bet = await play.bets.placed()
    cancel = play.fields_of(bet)
    first = await play.send("a cancel", cancel)
    play.expect_case(first, Case.FIRST)
    for heard in [await play.send("the same again", cancel) for _ in range(2)]:
        play.expect_case(heard, Case.REPEATED)
        play.expect_equal(first, heard)
    await play.expect_back(bet)


@RULES.rule("another cancel of the bet is answered the same", OUTCOMES, "two cancels, two uuids")
async def another_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    await _cancel_twice(
        play, bet, "a cancel", "a cancel with another uuid", Case.FIRST, Case.REPEATED
    )
    await play.expect_back(bet)


@RULES.rule("cancels at once give back once", BEHAVES, f"{AT_ONCE} cancels at once, two uuids")
async def cancels_at_once(play: Play) -> None:
    bet = await play.bets.placed()
    same, other = play.fields_of(bet), play.fields_of(bet)
    answers = await asyncio.gather(
        *(play.send("one of many at once", (same, other)[n % 2]) for n in range(AT_ONCE))
    )
    for heard in answers:
        play.expect_case(heard, Case.FIRST, Case.REPEATED)
        if play.dialect.alike:
            play.expect_equal(answers[0], heard)
    if not any(heard.attempt.code in play.dialect.allowed[Case.FIRST] for heard in answers):
        play.fault(answers[0], "none of them is told that the bet was undone")
    await play.expect_back(bet)
