"""The names of wallets that more than the choice of a wallet has to know."""

from typing import Final

LEDGER: Final = "ledger"
"""The built-in one."""

ONE_COMMIT: Final = frozenset({LEDGER, "sql"})
"""They decide in a transaction of the journal's database: what the journal does not have has not
happened. Of all others it is not known."""
