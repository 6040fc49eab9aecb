"""GitSlotPark (PROVIDERS, 3): HMAC of three fields in a fourth, and another result for what is
repeated.

Not documented: a refused and a settled bet (any result that ends the matter but, for the settled
one, success), another player's (any refusal), and which results end the matter (here: all; whatever
is not HTTP 200 is sent again).
"""

from decimal import Decimal
from typing import Any, Final

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import decimal_at, is_integer, is_number, missing
from testbed.provider.dialects.port import SERVER_ERRORS, Case, Fields
from testbed.provider.dialects.signing import SignedInField, hmac_sha256
from testbed.provider.messages import Cancel

_DONE: Final = 0
_REPEATED: Final = 9
_UNKNOWN: Final = 8
_GENERAL: Final = 1


class GitSlotPark(SignedInField):
    """Neither currency nor amount is sent, nor a name of the request."""

    name = "gitslotpark"
    title = "GitSlotPark"
    path = "/RollbackTransaction"
    field = "sign"

    reference = "transactionID"
    player = "userID"
    names_rounds = False
    targets_wins = True

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: frozenset({_DONE}),
        Case.REPEATED: frozenset({_REPEATED}),
        Case.UNKNOWN: frozenset({_UNKNOWN}),
        Case.BET_REFUSED: frozenset({_DONE, _UNKNOWN, _REPEATED}),
        Case.SETTLED: frozenset({_GENERAL, _UNKNOWN, _REPEATED}),
        Case.OTHER_PLAYER: SERVER_ERRORS | {_GENERAL, 5, _UNKNOWN},
        Case.SIGNATURE: SERVER_ERRORS | {3},
        # What cannot be read cannot be found to be signed either.
        Case.MALFORMED: frozenset({2, 3}),
        Case.TEMPORARY: SERVER_ERRORS,
    }
    stops = frozenset({_DONE, _GENERAL, 2, 3, 4, 5, _UNKNOWN, _REPEATED})

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """No more than what is signed."""
        return {
            "agentID": cancel.provider_id,
            "userID": cancel.user_id,
            "transactionID": cancel.reference,
        }

    def sign(self, fields: Fields, key: str) -> str:
        """Upper-case hex; a field that is missing counts as empty."""
        names = ("agentID", "userID", "transactionID")
        text = "".join(str(fields.get(name, "")) for name in names)
        return hmac_sha256(key, text.encode(errors="surrogatepass")).upper()

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The number in `result`; HTTP's status is 200."""
        code = document.get("result")
        return code if status == 200 and is_integer(code) else None

    def fault_in(
        self,
        document: Fields,
        code: Code,
        asked: Fields,  # noqa: ARG002
        *,
        gives_back: bool,  # noqa: ARG002
    ) -> str | None:
        """A success tells the balance."""
        if not isinstance(document.get("message", ""), str):
            return "message is no text"
        problem = missing(document, "balance") if code == _DONE else None
        if problem is None and not is_number(document.get("balance", 0)):
            problem = "balance is no number"
        return problem

    def balance_of(self, document: Fields) -> Decimal | None:
        """In units of the currency."""
        return decimal_at(document, "balance")


GITSLOTPARK: Final = GitSlotPark()
