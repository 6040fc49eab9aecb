"""Which outcome a cancel has: all but the money is seen with bets of a file, too."""

from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.wallet.play import Play
from testbed.wallet.rule import ONCE, PORT, REACHES, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules()


@RULES.rule("an unknown bet is no bet, each time", PORT, "two cancels of no bet")
def unknown_bet(play: Play) -> None:
    _cancel_twice(play, play.bets.unknown(), "a cancel of no bet", Outcome.NO_BET)


@RULES.rule("a refused bet has nothing to give back", PORT, "two cancels")
def refused_bet(play: Play) -> None:
    _cancel_twice(play, play.bets.refused(), "a cancel of a refused bet", Outcome.BET_REFUSED)


@RULES.rule("a settled bet stays settled", PORT, "two cancels")
def settled_bet(play: Play) -> None:
    _cancel_twice(play, play.bets.settled(), "a cancel of a settled bet", Outcome.SETTLED)


@RULES.rule("a frozen player's stake is given back", ONCE, "a cancel")
def frozen_player(play: Play) -> None:
    play.give_back("a frozen player's cancel", play.bets.frozen())


def _cancel_twice(play: Play, bet: PreparedBet, sent: str, outcome: Outcome) -> None:
    for each in (sent, "another of the same"):
        play.cancel(each, play.cancel_of(bet), outcome)
        play.expect_unmoved(bet)


@RULES.rule(
    "another player's cancel binds nobody",
    PORT,
    "another player's twice, then the owner's",
)
def other_player(play: Play) -> None:
    wrong = {"player": play.bets.other_player}
    _correct_after(play, "another player's cancel", wrong, Outcome.MISMATCH)


@RULES.rule(
    "a cancel in another currency binds nobody",
    PORT,
    "one in another currency twice, then the right one",
)
def other_currency(play: Play) -> None:
    wrong = {"currency": play.bets.other_currency}
    _correct_after(play, "a cancel in another currency", wrong, Outcome.CURRENCY_MISMATCH)


def _correct_after(play: Play, sent: str, wrong: dict[str, str], outcome: Outcome) -> None:
    bet = play.bets.placed()
    for each in (sent, f"{sent}, again"):
        play.cancel(each, play.cancel_of(bet, **wrong), outcome)
        play.expect_unmoved(bet)
    play.give_back("then the right one", bet)


@RULES.rule(
    "a decided key with other contents is no error",
    REACHES,
    "a cancel, then another player's and one in another currency",
)
def conflicting_contents(play: Play) -> None:
    bet = play.bets.placed()
    play.give_back("a cancel", bet)
    player, currency = play.bets.other_player, play.bets.other_currency
    play.cancel("then another player's", play.cancel_of(bet, player=player), Outcome.MISMATCH)
    wrong = play.cancel_of(bet, currency=currency)
    play.cancel("then one in another currency", wrong, Outcome.CURRENCY_MISMATCH)
    play.give_back("then the first again", bet)
