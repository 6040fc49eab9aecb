"""Bets that the operator has prepared and listed in a file. The kit does not see their money."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from testbed.conformance.bets import Bets, PreparedBet, needs_the_ledger, new_reference
from testbed.provider import Player
from testbed.rules import NotTriedError
from unbet.core.fields import Amount, Currency, ProviderId, Reference, UserId


class BetsFileError(Exception):
    """The file cannot be read or is of another form; the text is one sentence."""


class BetsFile(BaseModel):
    """The bets are all of `user_id` and in `currency`; each is used once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: UserId
    currency: Currency
    placed: tuple[Reference, ...] = ()
    settled: Reference | None = None
    refused: Reference | None = None
    other_user_id: UserId | None = None
    other_currency: Currency | None = None
    provider_id: ProviderId | None = None
    stake: Amount | None = None
    """Of each bet; only some dialects send it."""

    @classmethod
    def read(cls, file: Path) -> "BetsFile":
        """Raises `BetsFileError`."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise BetsFileError(f"{file} cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"]))
            raise BetsFileError(f"{file}: {where and f'{where}: '}{fault['msg']}.") from None


class ListedBets(Bets):
    """`Bets` of a file, as many as there are."""

    def __init__(self, listed: BetsFile, provider_id: str) -> None:
        self.provider_id = listed.provider_id or provider_id
        self._file = listed
        self._placed = list(listed.placed)

    @classmethod
    def read(cls, file: Path, provider_id: str) -> "ListedBets":
        """Of a file; `provider_id` if it names none. Raises `BetsFileError`."""
        return cls(BetsFile.read(file), provider_id)

    @property
    def other_player(self) -> str:
        return self._file.other_user_id or _missing("the file names no other_user_id")

    @property
    def other_currency(self) -> str:
        return self._file.other_currency or _missing("the file names no other_currency")

    async def unknown(self) -> PreparedBet:
        return replace(self._bet(new_reference()), known=False)

    async def placed(self, stake: Decimal | None = None) -> PreparedBet:
        if stake is not None:
            needs_the_ledger()
        if not self._placed:
            _missing("the file names no further placed bet")
        return self._bet(self._placed.pop(0))

    async def refused(self) -> PreparedBet:
        return self._bet(self._file.refused or _missing("the file names no refused bet"))

    async def settled(self) -> PreparedBet:
        return self._bet(self._file.settled or _missing("the file names no settled bet"))

    def _bet(self, reference: str) -> PreparedBet:
        player = Player(self._file.user_id, self._file.currency)
        return PreparedBet(player, reference, self._file.stake or Decimal(0))


def _missing(what: str) -> NoReturn:
    raise NotTriedError(what)
