"""An operator's instructions to the ledger, as the command line and the lines of an import spell
them."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from unbet.core.fields import Amount, Currency, ProviderId, Reference, UserId, text
from unbet.wallets.ledger.operations import (
    BalanceType,
    Bet,
    BonusConversion,
    Correction,
    Deposit,
    Direction,
    EndKind,
    InvalidOperationError,
    Settlement,
    Withdrawal,
    WithdrawalEnd,
    faults_of,
)


class _Valid(BaseModel):
    """Raises `InvalidOperationError`, which names the field, when it is made of wrong values."""

    # A misspelt optional field must not be taken for an absent one.
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **values: object) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            faults = (f"{name or 'line'}: {problem}" for name, problem in faults_of(error))
            raise InvalidOperationError("; ".join(faults)) from None


class DepositInstruction(_Valid):
    """Credit a player."""

    op: Literal["deposit"] = "deposit"
    user: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]
    bonus: StrictBool = False

    def operation(self) -> Deposit:
        return Deposit(
            user_id=self.user,
            currency=self.currency,
            amount=self.amount,
            reference=self.reference,
            balance_type=BalanceType.BONUS if self.bonus else BalanceType.CASH,
        )


class BetInstruction(_Valid):
    """Take a stake."""

    op: Literal["bet"] = "bet"
    user: UserId
    currency: Currency
    amount: Amount
    provider: ProviderId
    reference: Reference
    round_id: Reference | None = None

    def operation(self) -> Bet:
        return Bet(
            user_id=self.user,
            currency=self.currency,
            amount=self.amount,
            provider=self.provider,
            reference=self.reference,
            round_id=self.round_id,
        )


class SettleInstruction(_Valid):
    """Give a bet its result. `reference` is the bet's; the win has the same unless it says so."""

    op: Literal["settle"] = "settle"
    provider: ProviderId
    reference: Reference
    win: Amount
    win_reference: Reference | None = None

    def operation(self) -> Settlement:
        return Settlement(
            provider=self.provider,
            bet_reference=self.reference,
            reference=self.win_reference or self.reference,
            amount=self.win,
        )


class WithdrawInstruction(_Valid):
    """Hold cash that a player wants to have."""

    op: Literal["withdraw"] = "withdraw"
    user: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]

    def operation(self) -> Withdrawal:
        return Withdrawal(
            user_id=self.user,
            currency=self.currency,
            amount=self.amount,
            reference=self.reference,
        )


class EndInstruction(_Valid):
    """End a withdrawal: its money has left, or is given back. `reference` is the withdrawal's."""

    op: Literal["complete_withdrawal", "release_withdrawal"]
    reference: Annotated[str, text(64)]

    def operation(self) -> WithdrawalEnd:
        is_completion = self.op == "complete_withdrawal"
        kind = EndKind.COMPLETION if is_completion else EndKind.RELEASE
        return WithdrawalEnd(reference=self.reference, kind=kind)


class CorrectInstruction(_Valid):
    """Put a player's balance right; `by` is the person who does."""

    op: Literal["correct"] = "correct"
    user: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    direction: Literal["credit", "debit"]
    reference: Annotated[str, text(64)]
    reason: Annotated[str, text(500)]
    by: Annotated[str, text(100)]
    bonus: StrictBool = False

    def operation(self) -> Correction:
        return Correction(
            user_id=self.user,
            currency=self.currency,
            amount=self.amount,
            direction=Direction(self.direction),
            reference=self.reference,
            reason=self.reason,
            made_by=self.by,
            balance_type=BalanceType.BONUS if self.bonus else BalanceType.CASH,
        )


class ConvertInstruction(_Valid):
    """Make bonus cash."""

    op: Literal["convert_bonus"] = "convert_bonus"
    user: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]

    def operation(self) -> BonusConversion:
        return BonusConversion(
            user_id=self.user,
            currency=self.currency,
            amount=self.amount,
            reference=self.reference,
        )


class FreezeInstruction(_Valid):
    """Refuse a player's bets, or take them again."""

    op: Literal["freeze", "unfreeze"]
    user: UserId

    def operation(self) -> Self:
        return self


class BalanceQuestion(_Valid):
    """What a player has in one currency."""

    user: UserId
    currency: Currency


Instruction = (
    DepositInstruction
    | BetInstruction
    | SettleInstruction
    | WithdrawInstruction
    | EndInstruction
    | CorrectInstruction
    | ConvertInstruction
    | FreezeInstruction
)

_KINDS: Final[dict[str, type[Instruction]]] = {
    "deposit": DepositInstruction,
    "bet": BetInstruction,
    "settle": SettleInstruction,
    "withdraw": WithdrawInstruction,
    "complete_withdrawal": EndInstruction,
    "release_withdrawal": EndInstruction,
    "correct": CorrectInstruction,
    "convert_bonus": ConvertInstruction,
    "freeze": FreezeInstruction,
    "unfreeze": FreezeInstruction,
}


def instruction(values: Mapping[str, object]) -> Instruction:
    """`values` as what their `op` says. Raises `InvalidOperationError`, which names the field."""
    op = values.get("op")
    kind = _KINDS.get(op) if isinstance(op, str) else None
    if kind is None:
        raise InvalidOperationError(f"op: expected one of {', '.join(_KINDS)}")
    return kind(**values)
