"""Evolution's One Wallet (PROVIDERS, 12): a token in the query, decimal numbers, and another status
for what is repeated.

Not documented: another player's, currency's or amount's cancel (any refusal is taken; the amount
may also say nothing), and after which answers the provider sends again (here: after the two that
are said to be temporary). The HTTP status of a wrong token differs between implementations.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import decimal_at, is_number, missing, wrong_echo
from testbed.provider.dialects.port import Case, Fields, Request
from testbed.provider.dialects.signing import SecretInQuery
from testbed.provider.messages import Cancel

_REPEATED: Final = "BET_ALREADY_SETTLED"
_UNKNOWN: Final = "BET_DOES_NOT_EXIST"
_FAILED: Final = frozenset({"FINAL_ERROR_ACTION_FAILED", "UNKNOWN_ERROR"})
_TEMPORARY: Final = frozenset({"TEMPORARY_ERROR", "OPERATION_IN_PROCESS"})
_REFUSALS: Final = _TEMPORARY | _FAILED | {"INVALID_PARAMETER", _UNKNOWN}

STATUSES: Final = {"INVALID_PARAMETER": 400, "INVALID_TOKEN_ID": 401}
"""The HTTP statuses that may come instead of 200."""


class Evolution(SecretInQuery):
    """All is sent that can be checked."""

    name = "evolution"
    title = "Evolution"
    path = "/cancel"
    parameter = "authToken"

    reference = "transaction.refId"
    player = "userId"
    currency = "currency"
    amount = "transaction.amount"
    session = "sid"
    optional = ("game.details",)
    lengths = {"transaction.refId": 64}  # noqa: RUF012 - not changed
    places = 6

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: frozenset({"OK"}),
        Case.REPEATED: frozenset({_REPEATED}),
        Case.UNKNOWN: frozenset({_UNKNOWN}),
        Case.BET_REFUSED: frozenset({"OK", _UNKNOWN, _REPEATED}),
        Case.SETTLED: frozenset({_REPEATED, "FINAL_ERROR_ACTION_FAILED"}),
        Case.OTHER_PLAYER: _REFUSALS,
        Case.OTHER_CURRENCY: _REFUSALS,
        Case.OTHER_AMOUNT: _REFUSALS,
        Case.SIGNATURE: _TEMPORARY | {"INVALID_TOKEN_ID"},
        Case.MALFORMED: frozenset({"INVALID_PARAMETER"}),
        Case.TEMPORARY: _TEMPORARY,
    }
    stops = _FAILED | STATUSES.keys() | {"OK", _REPEATED, _UNKNOWN, "INVALID_SID"}

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """The transaction's own id is the cancel's."""
        amount = {} if cancel.amount is None else {"amount": cancel.amount}
        return {
            "sid": cancel.session_id,
            "userId": cancel.user_id,
            "uuid": f"q-{cancel.uuid}",
            "currency": cancel.currency,
            "game": {"id": cancel.round_id, "type": "roulette", "details": {"table": None}},
            "transaction": {"id": cancel.uuid, "refId": cancel.reference, **amount},
        }

    def spellings(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """A number and a query can be written in several ways."""
        stake = fields["transaction"].get("amount")
        for spelled in () if stake is None else (f"{_with_point(stake)}00", f"{stake:e}"):
            as_it_is, other = f'"amount": {stake:f}', f'"amount": {spelled}'
            body = self.encode(fields).replace(as_it_is.encode(), other.encode())
            yield f"an amount of {spelled}", self.raw(body, key)
        request = self.request(fields, key)
        yield "another parameter before the token", request._replace(query=f"v=1&{request.query}")
        escaped = "".join(f"%{letter:02X}" for letter in key.encode())
        yield "a token with every letter escaped", request._replace(query=f"authToken={escaped}")
        yield "a token as it stands", request._replace(query=f"authToken={quote(key)}")

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The status in the body; HTTP's is 200, or the code's own."""
        code = document.get("status")
        if not isinstance(code, str):
            return None
        return code if status in (200, STATUSES.get(code)) else None

    def text_of(self, document: Fields) -> str:
        """There are no words but the status."""
        return str(document["status"])

    def fault_in(
        self,
        document: Fields,
        code: Code,
        asked: Fields,
        *,
        gives_back: bool,  # noqa: ARG002
    ) -> str | None:
        """A success repeats the request's name, if it has one, and tells the balance."""
        problem = wrong_echo(document, asked, "uuid")
        if problem is None and code == "OK":
            repeated = ["uuid"] if "uuid" in asked or not asked else []
            problem = missing(document, "balance", *repeated)
        if problem:
            return problem
        for name in ("balance", "bonus"):
            if name in document and not is_number(document[name]):
                return f"{name} is no number"
        if not isinstance(document.get("retransmission", False), bool):
            return "retransmission is neither true nor false"
        return None

    def balance_of(self, document: Fields) -> Decimal | None:
        """In units of the currency."""
        return decimal_at(document, "balance")


def _with_point(amount: Decimal) -> str:
    written = f"{amount:f}"
    return written if "." in written else f"{written}."


EVOLUTION: Final = Evolution()
