"""Which promises hold on a wallet: it follows from what the wallet can do."""

import math
from typing import Final

from pydantic import BaseModel, ConfigDict

from unbet.wallets.port import Abilities, Memory

_UNITS: Final = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


class Promise(BaseModel):
    """One of them, as a person reads it."""

    model_config = ConfigDict(frozen=True)

    name: str
    """As in docs/reliability.md, such as `P1`."""
    holds: bool
    """Without a limit; otherwise `says` tells what holds instead."""
    says: str


def promises_of(abilities: Abilities) -> tuple[Promise, ...]:
    """The promises about a bet's money, each with what holds in its place where it does not."""
    return (
        _once(abilities),
        _reaches_its_outcome(abilities),
        Promise(
            name="P3",
            holds=True,
            says="Code 0 is answered only after the wallet has the reversal and the journal its "
            "record.",
        ),
        _late_bet(abilities),
    )


def why_refused(abilities: Abilities, *, person_decides: bool) -> str | None:
    """Why no cancel may be decided by such a wallet, as the end of a sentence about it; None if one
    may. With `person_decides` every doubt waits for a person."""
    if abilities.remembers is Memory.NOT and not person_decides:
        return (
            "does not remember what it has decided: asked again after a lost answer, it would "
            "decide twice. With UNBET_WALLET_AMBIGUOUS=person such a cancel is not asked again, "
            "and waits for a person."
        )
    if abilities.remembers is Memory.FOR_A_TIME and not 0 < abilities.remembers_s < math.inf:
        return "remembers for a time, and its `remembers_s` does not say how long."
    return None


def _once(abilities: Abilities) -> Promise:
    if abilities.remembers is Memory.FOR_EVER:
        return Promise(name="P1", holds=True, says="A bet is reversed at most once, for ever.")
    says = "A bet is reversed at most once: the wallet is asked about it "
    if abilities.remembers is Memory.FOR_A_TIME:
        span = _span(abilities.remembers_s)
        says += f"within {span} of the first time, for which it remembers, and never later."
    else:
        says += "once, and never again."
    return Promise(name="P1", holds=True, says=says)


def _reaches_its_outcome(abilities: Abilities) -> Promise:
    if abilities.remembers is Memory.FOR_EVER:
        says = "A cancel that was answered reaches its outcome without another request."
        return Promise(name="P2", holds=True, says=says)
    says = "A cancel that was answered reaches its outcome, or waits for a person: without a clear "
    if abilities.remembers is Memory.FOR_A_TIME:
        says += f"answer within {_span(abilities.remembers_s)} it is not asked again."
    else:
        says += "answer it is not asked again."
    return Promise(name="P2", holds=False, says=says)


def _late_bet(abilities: Abilities) -> Promise:
    if abilities.closes_unknown:
        says = "A bet that comes after its cancel was answered 0 is refused."
        return Promise(name="P4", holds=True, says=says)
    says = (
        "A bet that comes within an hour after its cancel was answered 0 is not refused: it is "
        "reversed, as a rule within minutes. One that has its result by then waits for a person."
    )
    return Promise(name="P4", holds=False, says=says)


def _span(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} seconds"
