"""What the wallet says of itself, and what Unbet writes down of it."""

from typing import Final

from sqlalchemy.exc import ProgrammingError

from testbed.rules import NotTriedError
from testbed.wallet.bets import STAKE
from testbed.wallet.play import Play
from testbed.wallet.rule import COMMITTED, PORT, Rules
from unbet.cli.database import describe
from unbet.core.money import amount
from unbet.core.outcomes import Outcome
from unbet.journal.outcomes import find_outcomes

RULES: Final = Rules()


@RULES.rule(
    "cash is what the player has after the first decision",
    PORT,
    "a cancel, a movement, the cancel again",
)
def cash(play: Play) -> None:
    bet = play.placing.placed()
    first = play.cancel("a cancel", play.cancel_of(bet), Outcome.REVERSED)
    told = first.decided
    held = play.placing.money(bet.player).cash
    if told is None or told.decision.cash is None:
        if play.wallet.abilities.tells_cash:
            play.faults.append("a cancel: no cash is told, and the wallet claims to tell it")
            return
        raise NotTriedError("the wallet tells no cash, and does not claim to")
    play.placing.operator.deposit(bet.player, STAKE)
    again = play.cancel("the cancel again", play.cancel_of(bet), Outcome.REVERSED).decided
    for sent, one in (("a cancel", told), ("the cancel again", again)):
        if one and one.decision.cash != held:
            shown = "none" if one.decision.cash is None else amount(one.decision.cash)
            play.faults.append(f"{sent}: the cash told is {shown}, and was {amount(held)}")


@RULES.rule("a repeat says that it is one", PORT, "a cancel twice")
def replayed(play: Play) -> None:
    cancel = play.cancel_of(play.bets.unknown())
    sent = ("a cancel", "the cancel again")
    told = [play.cancel(each, cancel, Outcome.NO_BET).decided for each in sent]
    for each, one, right in zip(sent, told, (False, True), strict=True):
        if one and one.replayed is None:
            raise NotTriedError("the wallet does not say whether it repeats itself")
        if one and one.replayed is not right:
            play.faults.append(f"{each}: replayed is {one.replayed}, expected {right}")


@RULES.rule("the journal has what the wallet has decided", COMMITTED, "three cancels")
def journal(play: Play) -> None:
    bet = play.bets.placed()
    heard = [
        play.cancel("a cancel of no bet", play.cancel_of(play.bets.unknown()), Outcome.NO_BET),
        play.cancel("a cancel", play.cancel_of(bet), Outcome.REVERSED),
        play.cancel("the same again", play.cancel_of(bet), Outcome.REVERSED),
    ]
    try:
        with play.wallets.engine.connect() as connection:
            found = find_outcomes(connection, [each.cancel for each in heard])
    except ProgrammingError as error:
        raise NotTriedError(describe(error)) from None  # a worker may write it, and not read it
    recorded = {one.request_id: one.outcome for one in found}
    for each in heard:
        outcome = recorded.get(each.cancel.request_id)
        if outcome != each.label:
            play.faults.append(f"{each.sent}: the journal has {outcome}, the wallet {each.label}")
