"""An operator's requests to the ledger, and its results: frozen values, valid by construction."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unbet.core.fields import Amount, Currency, ProviderId, Reference, UserId, text


class InvalidOperationError(ValueError):
    """A field of an operation is missing or wrong; the text names it."""

    def __init__(self, text: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.faults = tuple(faults)
        """Each field that is at fault, and what is wrong with it."""


def faults_of(error: ValidationError) -> list[tuple[str, str]]:
    """Each field that is at fault, and what is wrong with it. A name that is no Unicode text is
    told as none."""
    return [(str(f["loc"][0]) if f["loc"] else "", _problem(f)) for f in error.errors()]


def _problem(fault: Mapping[str, Any]) -> str:
    if fault["type"] != "string_pattern_mismatch":
        return str(fault["msg"]).removeprefix("Value error, ")
    if fault["loc"][0] == "currency":
        return "expected 3 or 4 letters or digits"
    return "expected text that is not blank and has no NUL"


class _Operation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **values: object) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            faults = faults_of(error)
            text = "; ".join(f"{field}: {problem}" for field, problem in faults)
            raise InvalidOperationError(text, faults) from None


class BalanceType(StrEnum):
    """A player's two balances in a currency."""

    CASH = "cash"
    BONUS = "bonus"


Purse = BalanceType
"""The former name; operators' code may still import it."""


class StakeOrder(StrEnum):
    """Which balance a stake is taken from first; what it does not hold, the other one pays."""

    CASH_FIRST = "cash_first"
    BONUS_FIRST = "bonus_first"


class Direction(StrEnum):
    """Which way a correction changes a balance."""

    CREDIT = "credit"
    """The player gets the amount."""
    DEBIT = "debit"
    """It is taken from the player, who must have it."""


class EndKind(StrEnum):
    """How a withdrawal ends."""

    COMPLETION = "completion"
    """The money has left."""
    RELEASE = "release"
    """It is the player's cash again."""


class Deposit(_Operation):
    """Money for a player. The same `reference` again changes nothing."""

    user_id: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]
    balance_type: BalanceType = BalanceType.CASH

    @model_validator(mode="before")
    @classmethod
    def _take_former_name(cls, values: dict[str, Any]) -> dict[str, Any]:
        """`purse`; operators' code may still say it."""
        if "purse" in values and "balance_type" not in values:
            return {"balance_type" if name == "purse" else name: v for name, v in values.items()}
        return values


class Bet(_Operation):
    """A stake to be taken. `provider` is the endpoint's configured id; a stake of 0 is legal.
    `round_id` is the round's, as the provider's cancels of rounds name it; without it such a cancel
    does not find the bet."""

    user_id: UserId
    currency: Currency
    amount: Amount
    provider: ProviderId
    reference: Reference
    round_id: Reference | None = None
    stake_order: StakeOrder = StakeOrder.CASH_FIRST


class Settlement(_Operation):
    """The result of a bet: a win of `amount`, which may be 0. `reference` is the win's own;
    the provider may give it the bet's."""

    provider: ProviderId
    bet_reference: Reference
    reference: Reference
    amount: Amount


class Withdrawal(_Operation):
    """Cash that a player wants to have. It is held until the withdrawal is completed or released.
    The same `reference` again changes nothing."""

    user_id: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]


class WithdrawalEnd(_Operation):
    """What becomes of a withdrawal that is held; `reference` is the withdrawal's."""

    reference: Annotated[str, text(64)]
    kind: EndKind


class Correction(_Operation):
    """What a person puts right on a player's balance, with the reason and the person's name. The
    same `reference` again changes nothing."""

    user_id: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    direction: Direction
    reference: Annotated[str, text(64)]
    reason: Annotated[str, text(500)]
    made_by: Annotated[str, text(100)]
    balance_type: BalanceType = BalanceType.CASH


class BonusConversion(_Operation):
    """Bonus that becomes cash. The same `reference` again changes nothing."""

    user_id: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]


class Refusal(StrEnum):
    """Why the operator said no."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    PLAYER_FROZEN = "player_frozen"
    CANCELLED = "cancelled"
    """The bet or its round was cancelled, before it came or after."""
    BET_REFUSED = "bet_refused"
    UNKNOWN_BET = "unknown_bet"
    UNKNOWN_WITHDRAWAL = "unknown_withdrawal"
    WITHDRAWAL_REFUSED = "withdrawal_refused"
    """The withdrawal to be ended had been refused: nothing is held."""
    WITHDRAWAL_COMPLETED = "withdrawal_completed"
    """It cannot be released: its money has left."""
    WITHDRAWAL_RELEASED = "withdrawal_released"
    """It cannot be completed: its money is the player's again."""


class Status(StrEnum):
    """What became of an operation."""

    DONE = "done"
    REFUSED = "refused"
    CONFLICT = "conflict"
    """The reference was used before with other details: nothing changed."""


class Result(BaseModel):
    """The ledger's answer to an operation."""

    model_config = ConfigDict(frozen=True)

    status: Status
    replayed: bool = False
    """The reference had been decided before; this is that decision, and nothing changed now."""
    refusal: Refusal | None = None
    """Why, if the status is `refused`."""


class Balance(BaseModel):
    """What a player has in one currency, in units of it."""

    model_config = ConfigDict(frozen=True)

    cash: Decimal
    bonus: Decimal
    held: Decimal = Decimal(0)
    """Of withdrawals that are neither completed nor released."""
