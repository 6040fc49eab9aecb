"""Groove (PROVIDERS, 5): a GET, whose query has all and whose header signs the query's values.

Not documented: how the signature is written (here: in hex), what a wrong one and a request of the
wrong form are answered (any refusal is taken), and a refused bet (here: an unknown one). Every code
but 200 is sent again.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import (
    decimal_at,
    is_integer,
    is_number,
    missing,
    wrong_echo,
)
from testbed.provider.dialects.port import Alter, Case, Dialect, Fields, Request, unaltered
from testbed.provider.dialects.signing import hmac_sha256
from testbed.provider.messages import Cancel

_DONE: Final = 200
_UNKNOWN: Final = 102
_SETTLED: Final = 110
_MISMATCH: Final = 400
_INTERNAL: Final = 1
_REFUSALS: Final = frozenset({_INTERNAL, _SETTLED, _MISMATCH})


class Groove(Dialect):
    """Neither currency nor a name of the request is sent."""

    name = "groove"
    title = "Groove"
    path = "/groove"
    method = "GET"

    reference = "transactionid"
    player = "accountid"
    amount = "rollbackAmount"
    session = "gamesessionid"
    optional = ("rollbackAmount", "roundid")
    lengths = {"transactionid": 255, "roundid": 255}  # noqa: RUF012 - not changed
    hides_unpersisted = True
    places = 10

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: frozenset({_DONE}),
        Case.REPEATED: frozenset({_DONE}),
        Case.UNKNOWN: frozenset({_UNKNOWN}),
        Case.BET_REFUSED: frozenset({_UNKNOWN}),
        Case.SETTLED: frozenset({_SETTLED}),
        Case.OTHER_PLAYER: frozenset({_MISMATCH}),
        Case.OTHER_AMOUNT: frozenset({_MISMATCH}),
        Case.SIGNATURE: _REFUSALS,
        Case.MALFORMED: _REFUSALS,
        Case.TEMPORARY: frozenset({_INTERNAL}),
    }
    stops = frozenset({_DONE})

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """All values are text."""
        amount = {} if cancel.amount is None else {"rollbackAmount": f"{cancel.amount:f}"}
        return {
            "request": "rollback",
            "accountid": cancel.user_id,
            "gamesessionid": cancel.session_id,
            "device": "desktop",
            "gameid": "8001",
            "apiversion": "1.2",
            "transactionid": cancel.reference,
            "roundid": str(cancel.round_id),
            **amount,
        }

    def encode(self, fields: Fields) -> bytes:
        """The query."""
        return urlencode(fields).encode()

    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:
        """As `Dialect`."""
        return _sealed(self.encode(fields).decode(), alter(_sign(fields, key)))

    def raw(self, body: bytes, key: str) -> Request:
        """As `Dialect`; it is the query."""
        query = body.decode()
        return _sealed(query, _sign(dict(parse_qsl(query, keep_blank_values=True)), key))

    def spellings(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """No amount can be said in several ways, and so can a query be written."""
        for none in ("", "null"):
            yield f"an amount of {none!r}", self.request({**fields, "rollbackAmount": none}, key)
        pairs = self.encode(fields).decode().split("&")
        yield "the parameters in another order", self.raw("&".join(reversed(pairs)).encode(), key)
        reference = f"transactionid={fields['transactionid']}"
        escaped = "".join(f"%{ord(letter):02x}" for letter in fields["transactionid"])
        query = self.encode(fields).decode().replace(reference, f"transactionid={escaped}")
        yield "a reference with every letter escaped", self.raw(query.encode(), key)
        beyond = {**fields, "laterField": "Käse & Würfel=7 🎲"}
        yield "a value beyond ASCII", self.request(beyond, key)
        game = {"nogsgameid" if name == "gameid" else name: fields[name] for name in fields}
        yield "the game by its other name", self.request(game, key)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The number in `code`; HTTP's status is 200."""
        code = document.get("code")
        return code if status == 200 and is_integer(code) else None

    def text_of(self, document: Fields) -> str:
        """The status, in words."""
        return str(document.get("status", ""))

    def fault_in(
        self, document: Fields, code: Code, asked: Fields, *, gives_back: bool
    ) -> str | None:
        """A success has the operator's own name of it, and the balance."""
        if not isinstance(document.get("status"), str):
            return "status is no text"
        problem = wrong_echo(document, asked, "apiversion")
        if problem is None and code == _DONE:
            problem = missing(document, "balance", "bonus_balance", "apiversion")
        if problem:
            return problem
        for name in ("balance", "bonus_balance"):
            if not is_number(document.get(name, 0)):
                return f"{name} is no number"
        own = document.get("accounttransactionid")
        if code == _DONE and (gives_back or own is not None) and not isinstance(own, str):
            return "accounttransactionid is no text"
        return None

    def balance_of(self, document: Fields) -> Decimal | None:
        """In units of the currency."""
        return decimal_at(document, "balance")

    def lasting(self, document: Fields) -> list[object]:
        """The operator's own name."""
        return [document.get("accounttransactionid")]


def _sealed(query: str, signature: str | None) -> Request:
    header = () if signature is None else (("X-Groove-Signature", signature),)
    return Request(content_type=None, headers=header, query=query)


def _sign(fields: Fields, key: str) -> str:
    """Over the values in the order of their names, `nogsgameid` where `gameid` would be."""
    names = sorted(fields, key=lambda name: "gameid" if name == "nogsgameid" else name)
    text = "".join(str(fields[name]) for name in names if name != "request")
    return hmac_sha256(key, text.encode(errors="surrogatepass"))


GROOVE: Final = Groove()
