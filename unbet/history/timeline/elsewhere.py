"""What became of a reference whose bet is in a wallet other than the built-in ledger: what the
wallet told, and what people did. Of the bet itself nothing is known here."""

from collections.abc import Iterator
from typing import Final

from unbet.core.outcomes import Outcome
from unbet.core.wallet_names import ONE_COMMIT
from unbet.history.records import History, RequestRecord
from unbet.history.timeline.phrases import money, when

_BECAME: Final = {
    Outcome.REVERSED: "Cancelled once: the wallet {wallet} returned the stake, recorded on {at}",
    Outcome.NO_BET: "No such bet in the wallet {wallet}, recorded on {at}",
    Outcome.BET_REFUSED: "Nothing to return: the wallet {wallet} had refused the bet, recorded on "
    "{at}",
    Outcome.SETTLED: "Cancelled too late: in the wallet {wallet} the bet had its result, nothing "
    "was returned, recorded on {at}",
}


def decided_elsewhere(decision: RequestRecord) -> str:
    """What the wallet told, without a full stop."""
    became = _BECAME[decision.outcome].format(wallet=decision.wallet, at=when(decision.decided_at))
    return ", ".join([became, *told_besides(decision)])


def told_besides(request: RequestRecord) -> Iterator[str]:
    """What a wallet told with an outcome: its reference, whether it was a repeat, cash."""
    if request.wallet_ref:
        yield f"its reference {request.wallet_ref}"
    if request.replayed:
        yield "decided before, as the wallet says"
    if request.cash is not None:
        yield f"cash {money(request.cash, request.currency)} after it"


def closed_elsewhere(history: History) -> str:
    """What it means that a person has closed the cancel before the wallet had decided it."""
    return f"the wallet {history.wallet} is not asked about it any more"


def nothing_returned(history: History) -> str:
    """What is known of the stake where no cancel is decided."""
    if history.wallet in ONE_COMMIT:
        return "nothing was returned"
    return f"whether the wallet {history.wallet} has returned anything is not known"


def unknown_elsewhere(history: History) -> str:
    """Where no cancel has been decided, without a full stop."""
    return f"No cancel is known; only the wallet {history.wallet} knows whether there is a bet"
