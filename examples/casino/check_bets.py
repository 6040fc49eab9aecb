"""What `unbet wallet check --command` speaks to: a request in a line of JSON on standard input, its
answer in a line on standard output (docs/wallets.md)."""

import json
import secrets
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from examples.casino.casino import STANDING, Casino, text_of

CURRENCY: Final = "EUR"

Request = Mapping[str, Any]
Answer = dict[str, object]


class CheckBets:
    """One method for each request, which answers it."""

    def __init__(self, casino: Casino, interrupt: Callable[[], None] | None) -> None:
        self._casino = casino
        self._interrupt = interrupt

    def player(self, _: Request) -> Answer:
        """One whom nobody has used before."""
        return {"player": f"check-{secrets.token_hex(8)}", "currency": CURRENCY}

    def deposit(self, sent: Request) -> Answer:
        amount, nothing = Decimal(sent["amount"]), Decimal(0)
        cash, bonus = (nothing, amount) if sent["bonus"] else (amount, nothing)
        self._casino.deposit(sent["player"], sent["currency"], cash, bonus)
        return {}

    def bet(self, sent: Request) -> Answer:
        state = self._casino.bet(
            *(sent["player"], sent["currency"], sent["provider"], sent["reference"]),
            Decimal(sent["amount"]),
        )
        return {"taken": state in STANDING}

    def settle(self, sent: Request) -> Answer:
        self._casino.settle(sent["provider"], sent["reference"], Decimal(sent["amount"]))
        return {}

    def freeze(self, sent: Request) -> Answer:
        self._casino.freeze(sent["player"])
        return {}

    def money(self, sent: Request) -> Answer:
        cash, bonus = self._casino.balance(sent["player"], sent["currency"])
        return {"cash": text_of(cash), "bonus": text_of(bonus)}

    def interrupt(self, _: Request) -> Answer:
        """Stop the wallet in the middle of whatever it does."""
        if self._interrupt is None:
            return {"cannot": "nothing here stops the wallet"}
        self._interrupt()
        return {}


def answer_lines(casino: Casino, interrupt: Callable[[], None] | None = None) -> None:
    """Until the input ends."""
    bets = CheckBets(casino, interrupt)
    for line in sys.stdin:
        sent = json.loads(line)
        answer: Callable[[Request], Answer] = getattr(bets, sent["do"])
        sys.stdout.write(json.dumps(answer(sent)) + "\n")
        sys.stdout.flush()
