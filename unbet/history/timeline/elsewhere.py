"""What became of a reference whose bet is in a wallet other than the built-in ledger: what the
wallet told, and what people did. Of the bet itself nothing is known here."""

from collections.abc import Iterator
from typing import Final

from unbet.core.outcomes import Outcome
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


def watched(history: History) -> Iterator[str]:
    """That the wallet is asked again, because the bet may still come."""
    if history.look_at is not None:
        at = when(history.look_at)
        yield f"the wallet {history.wallet} is asked again on {at} whether the bet has come"


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
    not_asked = f"the wallet {history.wallet} is not asked about it any more"
    return "; ".join(filter(None, [not_asked, _asked(history)]))


def nothing_returned(history: History) -> str:
    """What is known of the stake where no cancel is decided."""
    return _asked(history) or "nothing was returned"


def unknown_elsewhere(history: History) -> str:
    """Where no cancel is decided or waits, without a full stop."""
    what = "Not decided yet: " + asked if (asked := _asked(history)) else "No cancel is known"
    return f"{what}; only the wallet {history.wallet} knows whether there is a bet"


def _asked(history: History) -> str | None:
    """That the wallet may have done something that nobody here knows of; None if it has not."""
    if history.asked_at is None:
        return None
    return (
        f"the wallet {history.wallet} was first asked on {when(history.asked_at)}, and what it has "
        "done is not known here"
    )
