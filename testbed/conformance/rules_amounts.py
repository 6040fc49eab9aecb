"""Rules about the amount, in the dialects that send it: an operator gives back the bet's stake or
nothing."""

from decimal import Decimal
from typing import Final

from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, Rules
from testbed.provider import Case, Dialect
from testbed.rules import NotTriedError


def _names_amount(dialect: Dialect) -> bool:
    return dialect.amount is not None


RULES: Final = Rules(_names_amount)


@RULES.rule(
    "a cancel of another amount gives the stake back or nothing",
    DOCUMENTED,
    "one of more, of half and of 0, then the right one",
)
async def other_amount(play: Play) -> None:
    if not (await play.bets.unknown()).stake:
        raise NotTriedError("the file names no stake")
    bet, stands = await play.bets.placed(), True
    for sent, amount, cases in (
        ("more", bet.stake + 1, (Case.OTHER_AMOUNT,)),
        ("half", bet.stake / 2, (Case.OTHER_AMOUNT,)),
        # Which of the two it is, the documents do not say.
        ("0", Decimal(0), (Case.OTHER_AMOUNT, Case.MALFORMED)),
    ):
        if not stands:
            bet = await play.bets.placed()
        wrong = play.cancel_of(bet).model_copy(update={"amount": amount})
        heard = await play.send(f"a cancel of {sent}", play.dialect.fields(wrong))
        stands = heard.attempt.code not in play.dialect.allowed[Case.FIRST]
        if stands:
            play.expect_case(heard, *cases)
            await play.expect_unmoved(bet)
        else:
            await play.expect_back(bet)
    if stands:
        await play.give_back("then the right one", bet)
