"""The words that travel and are stored: their lengths and contents (PROTOCOL, "The call")."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

# Unicode's white space, named one by one: what `\s` means differs between those who read a pattern.
_BLANK: Final = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# PostgreSQL stores no NUL, and a blank name is a missing one.
_NOT_BLANK: Final = rf"^[^\x00]*[^\x00{_BLANK}][^\x00]*$"

PLAIN_DECIMAL: Final = r"\d{1,20}(\.\d{1,18})?"
"""An amount as text."""

_AMOUNT: Final = re.compile(PLAIN_DECIMAL, re.ASCII)


def text(longest: int) -> StringConstraints:
    """A string of 1 to `longest` characters, not blank, without NUL; numbers are no strings."""
    return StringConstraints(strict=True, max_length=longest, pattern=_NOT_BLANK)


def _exact(value: Any) -> Any:
    """Amounts come as `Decimal` or as plain decimal text: a float has already lost money."""
    if isinstance(value, Decimal):
        return value if value else value.copy_abs()  # `-0` is written otherwise than it is read
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return value
    raise ValueError(
        'expected an amount as text such as "10.00": '
        "not negative, at most 20 digits before the point and 18 after it"
    )


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


UserId = Annotated[str, text(255)]
"""A player, as the provider names them; a dialect may allow fewer characters."""
ProviderId = Annotated[str, text(32)]
CURRENCY_PATTERN: Final = r"^[A-Za-z0-9]{3,4}$"
Currency = Annotated[str, StringConstraints(strict=True, pattern=CURRENCY_PATTERN)]
Reference = Annotated[str, text(255)]
"""What a provider names a bet by; a dialect may allow fewer characters."""
RequestName = Annotated[str, text(255)]
"""What a provider names a request of its own by; a dialect may allow fewer characters."""


def _name_or_none(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(str(value) if type(value) is int else value)
    except ValueError:
        return None


NameIfAny = Annotated[RequestName | None, WrapValidator(_name_or_none)]
"""As `RequestName`, a whole number by its digits; None for what is no name. Nothing hangs on it but
how a request is called in the history, so that none is refused for it."""
Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, max_digits=38, decimal_places=18, allow_inf_nan=False),
    # As it is read again: Python writes `1E-7`.
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
"""Money in units of a currency, exact: NUMERIC(38,18) (PROTOCOL, "The call")."""
