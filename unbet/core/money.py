"""Amounts: arithmetic that is exact, or an exception, never rounded as Python's default context
does; and how an amount is written for a person."""

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

EXACT: Final = Context(prec=80, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
"""NUMERIC(38,18) has 38 digits, Python's default context keeps 28: sums must go through this."""


def amount(value: Decimal) -> str:
    """`value` exactly: plain notation, at least two decimals, no superfluous zeros."""
    # format() is exact; normalize() and quantize() would round to the context's 28 digits.
    whole, _, fraction = format(value, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
