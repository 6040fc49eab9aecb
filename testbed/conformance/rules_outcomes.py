"""Rules about outcomes and their answers: they need nothing but cancels."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from testbed.conformance import sources
from testbed.conformance.play import Play
from testbed.conformance.rule import Rules
from testbed.provider import AMOUNT, Player
from unbet.wallets.ledger.operations import Balance

OUTCOMES: Final = Rules()


@OUTCOMES.rule("a placed bet is given back", sources.CALL, "a cancel")
async def placed_bet(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    await play.expect_back(bet)


@OUTCOMES.rule("success has the dialect's form", sources.CALL, "a cancel")
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


@OUTCOMES.rule("an unknown reference is a success", sources.BEHAVES, "two cancels of no bet")
async def unknown_reference(play: Play) -> None:
    bet = await play.bets.unknown()
    first = await play.cancel("a cancel of no bet", bet)
    again = await play.cancel("another of the same", bet)
    play.expect_success(first)
    play.expect_success(again)
    play.expect_equal(first, again)
    await play.expect_unmoved(bet)


@OUTCOMES.rule("a refused bet is a success", sources.BEHAVES, "a cancel")
async def refused_bet(play: Play) -> None:
    bet = await play.bets.refused()
    play.expect_success(await play.cancel("a cancel of a refused bet", bet))
    await play.expect_unmoved(bet)


@OUTCOMES.rule("a settled bet is refused for good", sources.OUTCOMES, "two cancels")
async def settled_bet(play: Play) -> None:
    bet = await play.bets.settled()
    first = await play.cancel("a cancel of a settled bet", bet)
    again = await play.cancel("another of the same", bet)
    play.expect(first, {play.dialect.refused})
    play.expect(again, {play.dialect.refused})
    play.expect_equal(first, again)
    await play.expect_unmoved(bet)


@OUTCOMES.rule(
    "another player's cancel binds nobody",
    sources.OUTCOMES,
    "another player's cancel three times, then the owner's",
)
async def other_player(play: Play) -> None:
    other_player = play.bets.other_player
    bet = await play.bets.placed()
    wrong = play.cancel_of(bet, Player(other_player, bet.player.currency)).fields()
    await _refused_each_time(play, "another player's cancel", wrong, play.dialect.parameters)
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("then the owner's", bet))
    await play.expect_back(bet)


@OUTCOMES.rule(
    "a cancel in another currency binds nobody",
    sources.CODES,
    "one in another currency three times, then the right one",
)
async def other_currency(play: Play) -> None:
    currency = play.bets.other_currency
    bet = await play.bets.placed()
    wrong = play.cancel_of(bet, Player(bet.player.user_id, currency)).fields()
    await _refused_each_time(play, "a cancel in another currency", wrong, {play.dialect.currency})
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("then one in the bet's", bet))
    await play.expect_back(bet)


async def _refused_each_time(
    play: Play, sent: str, wrong: Mapping[str, object], codes: Collection[int]
) -> None:
    """As the provider retransmits it, who does not take this code for the last word."""
    first = await play.send(sent, wrong)
    for heard in (first, *[await play.send(f"{sent}, again", wrong) for _ in range(2)]):
        play.expect(heard, codes)
        play.expect_equal(first, heard)
