"""A dry run says what the ledger would decide: it decides right after, for every outcome."""

from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import Engine

from tests.making import Operator, cancel_of
from unbet import StakeOrder
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.history.explain import explain
from unbet.history.prediction import predict
from unbet.journal.parking import park
from unbet.wallets.ledger.interventions import close_parked
from unbet.wallets.ledger.reversal import reverse

Make = Callable[[Operator, str], object]
"""Makes a situation of the bet with this reference; its player has the same name."""


def bet(amount: str, stake_order: StakeOrder = StakeOrder.CASH_FIRST) -> Make:
    return lambda operator, r: operator.bet(r, amount, user_id=r, stake_order=stake_order)


def bet_of_another_provider(operator: Operator, r: str) -> None:
    operator.bet(r, "1.00", user_id=r, provider="Another")


def cancelled(operator: Operator, r: str) -> None:
    operator.cancel(cancel_of(r, user_id=r))
    operator.deposit("3.00", user_id=r)


def closed(operator: Operator, r: str) -> None:
    cancel = cancel_of(r, user_id=r)
    with operator.engine.begin() as connection:
        park(connection, [cancel], reason="a test")
        close_parked(connection, cancel.request_id, made_by="ann", reason="a test")


def then(*steps: Make) -> Make:
    return lambda operator, r: [step(operator, r) for step in steps]


def settled(operator: Operator, r: str) -> None:
    operator.settle(r, "2.50")


SITUATIONS: dict[str, Make] = {
    "nothing": lambda _operator, _r: None,
    "cash": bet("1.00"),
    "bonus": bet("1.00", stake_order=StakeOrder.BONUS_FIRST),
    "both": bet("12.000000000000000001"),
    "zero": bet("0"),
    "zero, no account": lambda operator, r: operator.bet(r, "0", user_id="nobody"),
    "refused": bet("1000.00"),
    "settled": then(bet("1.00"), settled),
    "frozen": then(bet("1.00"), lambda operator, r: operator.freeze(r)),
    "reversed": then(bet("1.00"), cancelled),
    "settled, cancelled": then(bet("1.00"), settled, cancelled),
    "refused, cancelled": then(bet("1000.00"), cancelled),
    "tombstone": cancelled,
    "another's tombstone": lambda operator, r: operator.cancel(cancel_of(r, user_id="carol")),
    "closed": then(bet("1.00"), closed),
    "closed, unknown": closed,
    "closed, then settled": then(bet("1.00"), closed, settled),
    "another provider": bet_of_another_provider,
}
NOBODYS = SITUATIONS["nothing"], SITUATIONS["zero, no account"]
"""Where it makes a difference whether the player has accounts."""


def test_what_is_predicted_is_decided_for_every_outcome(engine: Engine, operator: Operator) -> None:
    operator.deposit("5.00", user_id="bob")
    seen = set()
    for situation, make in SITUATIONS.items():
        askers = ("own", "bob", "USD", "stake", "unsaid", *(["nobody"] if make in NOBODYS else []))
        for n, asker in enumerate(askers):
            for hold in (True, False) if situation == "nothing" else (n % 2 == 0,):
                reference = f"{situation}, {asker}, {hold:d}"
                cancel = {
                    "own": cancel_of(reference, user_id=reference),
                    "USD": cancel_of(reference, user_id=reference, currency="USD"),
                    "stake": cancel_of(reference, user_id=reference, amount="77.00"),
                    "unsaid": cancel_of(reference, user_id=None, currency=None),
                }.get(asker, cancel_of(reference, user_id=asker))
                seen.add(decide_as_predicted(engine, operator, make, cancel, hold))
    assert seen == set(Outcome) - {Outcome.BATCH_REFUSED}, "it is about one bet"


def decide_as_predicted(
    engine: Engine, operator: Operator, make: Make, cancel: Cancel, hold: bool
) -> Outcome:
    reference = cancel.reference
    operator.deposit("10.00", user_id=reference)
    operator.deposit("7.00", bonus=True, user_id=reference)
    make(operator, reference)
    before = operator.balance(reference)
    with engine.connect() as connection:
        predicted = predict(connection, cancel, hold_unknown=hold)
    with engine.begin() as connection:
        (decided,) = reverse(connection, [cancel], hold_unknown=hold)
    is_new = decided.outcome is Outcome.REVERSED and not predicted.is_repeat
    expected = decided.model_copy(update={"transfer_id": None}) if is_new else decided
    assert predicted.decision == expected, reference
    returned = [(e.kind, e.amount, e.balance_after) for e in predicted.returned or ()]
    assert returned == (entered(engine, reference) if is_new else []), reference
    assert (operator.balance(reference) != before) == bool(returned), reference
    return decided.outcome


def entered(engine: Engine, reference: str) -> list[tuple[str, Decimal, Decimal]]:
    """What the reversal has entered on the player's accounts."""
    with engine.connect() as connection:
        (history,) = explain(connection, reference)
    (reversal,) = (transfer for transfer in history.transfers if transfer.kind == "reversal")
    return [
        (entry.kind, entry.amount, entry.balance_after)
        for entry in reversal.entries
        if entry.balance_after is not None
    ]
