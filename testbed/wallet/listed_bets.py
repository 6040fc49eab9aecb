"""Bets that the operator has placed and listed in a file. The kit does not see their money."""

from typing import NoReturn

from testbed.conformance.bets import PreparedBet
from testbed.conformance.listed_bets import BetsFile
from testbed.provider import Player
from testbed.rules import NotTriedError
from testbed.wallet.bets import new_reference
from unbet.wallets.ledger.operations import Balance


class ListedBets:
    """`Bets` of a file, as many as there are."""

    def __init__(self, file: BetsFile) -> None:
        self._file = file
        self._placed = list(file.placed)

    @property
    def other_player(self) -> str:
        return self._file.other_user_id or _missing("other_user_id")

    @property
    def other_currency(self) -> str:
        return self._file.other_currency or _missing("other_currency")

    def unknown(self) -> PreparedBet:
        return self._bet(new_reference())

    def placed(self) -> PreparedBet:
        return self._bet(self._placed.pop(0) if self._placed else _missing("further placed bet"))

    def settled(self) -> PreparedBet:
        return self._bet(self._file.settled or _missing("settled bet"))

    def refused(self) -> PreparedBet:
        return self._bet(self._file.refused or _missing("refused bet"))

    def split(self) -> PreparedBet:
        raise NotTriedError("it looks at money")

    def frozen(self) -> PreparedBet:
        raise NotTriedError("it freezes a player")

    def money(self, player: Player) -> Balance | None:
        del player
        return None

    def _bet(self, reference: str) -> PreparedBet:
        return PreparedBet(Player(self._file.user_id, self._file.currency), reference)


def _missing(what: str) -> NoReturn:
    raise NotTriedError(f"the file names no {what}")
