"""Hub88, whose sister is Caleta (PROVIDERS, 9): RSA over the body, balances times 100,000.

Not documented for certain: an unknown and a refused bet (a success, or that there is no such
transaction), a settled one (any answer that ends the matter), another player's (any refusal), and
whether every code that Caleta ends with ends it for Hub88: it is taken to be so.
"""

from decimal import Decimal
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid5

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import is_integer, missing, wrong_echo
from testbed.provider.dialects.port import Case, Fields
from testbed.provider.dialects.signing import (
    SignedInHeader,
    new_rsa_key,
    private_key,
    public_half,
    rsa_sha256,
)
from testbed.provider.messages import Cancel

_DONE: Final = frozenset({"RS_OK"})
_NOT_THERE: Final = "RS_ERROR_TRANSACTION_DOES_NOT_EXIST"
_ROLLED_BACK: Final = "RS_ERROR_TRANSACTION_ROLLED_BACK"
_DUPLICATE: Final = "RS_ERROR_DUPLICATE_TRANSACTION"
_SIGNATURE: Final = "RS_ERROR_INVALID_SIGNATURE"
_ENDS: Final = frozenset(
    {
        "RS_ERROR_INVALID_TOKEN",
        "RS_ERROR_INVALID_GAME",
        "RS_ERROR_WRONG_CURRENCY",
        "RS_ERROR_USER_DISABLED",
        _SIGNATURE,
        _DUPLICATE,
        _NOT_THERE,
        _ROLLED_BACK,
    }
)
_SYNTAX: Final = frozenset({"RS_ERROR_WRONG_SYNTAX", "RS_ERROR_WRONG_TYPES"})
_TEMPORARY: Final = frozenset({"RS_ERROR_UNKNOWN", "RS_ERROR_TIMEOUT"})


_other_key: Final = cache(new_rsa_key)


class Hub88(SignedInHeader):
    """Neither currency nor amount is sent."""

    name = "hub88"
    title = "Hub88/Caleta"
    path = "/transaction/rollback"
    header = "X-Hub88-Signature"

    reference = "reference_transaction_uuid"
    player = "user"
    session = "token"
    optional = ("user", "game_id")
    hides_unpersisted = True
    places = 5

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: _DONE,
        Case.REPEATED: _DONE,
        Case.UNKNOWN: _DONE | {_NOT_THERE},
        Case.BET_REFUSED: _DONE | {_NOT_THERE},
        Case.SETTLED: _DONE | {_ROLLED_BACK, _DUPLICATE, _NOT_THERE},
        Case.OTHER_PLAYER: _TEMPORARY | _SYNTAX | {"RS_ERROR_USER_DISABLED", _NOT_THERE},
        Case.SIGNATURE: _TEMPORARY | {_SIGNATURE},
        Case.MALFORMED: _SYNTAX,
        Case.TEMPORARY: _TEMPORARY,
    }
    stops = _DONE | _ENDS

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """The request and its retransmission have the same names."""
        return {
            "user": cancel.user_id,
            "token": cancel.session_id,
            "transaction_uuid": cancel.uuid,
            "reference_transaction_uuid": cancel.reference,
            "request_uuid": str(uuid5(UUID(int=0), cancel.uuid)),
            "round": cancel.round_id,
            "round_closed": True,
            "game_code": "demo",
            "game_id": 17,
        }

    def sign(self, body: bytes, key: str) -> str:
        """In base64."""
        return rsa_sha256(key, body)

    def other_key(self) -> str:
        """Another private key, the same one each time."""
        return _other_key()

    def operators_key(self, key: str) -> str:
        """The public one."""
        return public_half(key)

    def check_key(self, key: str) -> None:
        """A private key in PEM."""
        private_key(key)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The status in the body; HTTP's is 200."""
        code = document.get("status")
        return code if status == 200 and isinstance(code, str) else None

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
        """A success repeats the player and the request, and tells the balance."""
        problem = wrong_echo(document, asked, "user", "request_uuid")
        if problem or code not in _DONE:
            return problem
        repeated = [name for name in ("user", "request_uuid") if name in asked or not asked]
        problem = missing(document, *repeated, "currency", "balance")
        if problem:
            return problem
        if not isinstance(document["currency"], str):
            return "currency is no text"
        return None if is_integer(document["balance"]) else "balance is no whole number"

    def balance_of(self, document: Fields) -> Decimal | None:
        """A unit of the currency is 100,000."""
        balance = document.get("balance")
        return Decimal(balance).scaleb(-self.places) if is_integer(balance) else None


class Caleta(Hub88):
    """Hub88's protocol with another path and header."""

    name = "caleta"
    path = "/wallet/rollback"
    header = "X-Auth-Signature"


HUB88: Final = Hub88()
CALETA: Final = Caleta()
