"""Arithmetic on amounts: exact, or an exception; never rounded as Python's default context does."""

from decimal import Context, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

EXACT: Final = Context(prec=80, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
"""NUMERIC(38,18) has 38 digits, Python's default context keeps 28: sums must go through this."""
