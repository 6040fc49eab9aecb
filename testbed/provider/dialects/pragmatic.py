"""Pragmatic Play (PROVIDERS, 11): a form, signed by MD5 of its sorted fields and the secret.

Not documented for certain: an unknown, a refused and a settled bet (0 or 120), another player's or
amount (any refusal; the amount may also say nothing), and after which answers the provider sends
again (here: after 100 alone).
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import is_integer
from testbed.provider.dialects.port import Case, Fields, Request
from testbed.provider.dialects.signing import SignedInField, md5_of
from testbed.provider.messages import Cancel

_DONE: Final = frozenset({0})
_RESEND: Final = 100
_FINAL: Final = 120


class Pragmatic(SignedInField):
    """No currency is sent, and no balance is told."""

    name = "pragmatic"
    title = "Pragmatic Play"
    path = "/refund"
    field = "hash"
    content_type = "application/x-www-form-urlencoded"

    reference = "reference"
    player = "userId"
    amount = "amount"
    session = "token"
    optional = ("amount", "gameId", "roundId", "timestamp", "roundDetails", "token")

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: _DONE,
        Case.REPEATED: _DONE,
        Case.UNKNOWN: _DONE | {_FINAL},
        Case.BET_REFUSED: _DONE | {_FINAL},
        Case.SETTLED: _DONE | {_FINAL},
        Case.OTHER_PLAYER: frozenset({2, 7, _RESEND, _FINAL}),
        Case.OTHER_AMOUNT: frozenset({7, _RESEND, _FINAL}),
        Case.SIGNATURE: frozenset({5, _RESEND}),
        # What cannot be read cannot be found to be signed either.
        Case.MALFORMED: frozenset({7, 5}),
        Case.TEMPORARY: frozenset({_RESEND}),
    }
    stops = frozenset({0, 2, 5, 6, 7, _FINAL})

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """All values are text."""
        return {
            "userId": cancel.user_id,
            "reference": cancel.reference,
            "providerId": cancel.provider_id,
            "gameId": "vs20demo",
            "roundId": str(cancel.round_id),
            "amount": "" if cancel.amount is None else f"{cancel.amount:f}",
            "timestamp": "1760000000000",
            "roundDetails": "spin",
            "token": cancel.session_id,
        }

    def encode(self, fields: Fields) -> bytes:
        """A form; what has no value is left out."""
        return urlencode({name: value for name, value in fields.items() if value != ""}).encode()

    def sign(self, fields: Fields, key: str) -> str:
        """Of the fields as they are before they become a form."""
        joined = "&".join(f"{k}={v}" for k, v in sorted(fields.items()) if v != "")
        return md5_of(f"{joined}{key}")

    def spellings(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """A form can be written in several ways."""
        body = self.request(fields, key).body
        pairs = body.decode().split("&")
        yield "the fields in another order", self.raw("&".join(reversed(pairs)).encode(), key)
        reference = quote(str(fields["reference"]))
        escaped = "".join(f"%{ord(letter):02x}" for letter in reference)
        yield (
            "a reference with every letter escaped",
            self.raw(
                body.replace(f"reference={reference}".encode(), f"reference={escaped}".encode()),
                key,
            ),
        )
        yield "a value with a blank as +", self.request({**fields, "roundDetails": "a spin"}, key)
        beyond = {**fields, "roundDetails": "Käse & Würfel=7 🎲"}
        yield "a value beyond ASCII", self.request(beyond, key)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The number in `error`; HTTP's status is 200."""
        code = document.get("error")
        return code if status == 200 and is_integer(code) else None

    def text_of(self, document: Fields) -> str:
        """The description."""
        return str(document.get("description", ""))

    def fault_in(
        self,
        document: Fields,
        code: Code,
        asked: Fields,  # noqa: ARG002
        *,
        gives_back: bool,
    ) -> str | None:
        """A success has the operator's own name of it."""
        if not isinstance(document.get("description"), str):
            return "description is no text"
        if code not in _DONE:
            return None
        own = document.get("transactionId")
        if own is None and not gives_back:
            return None
        if not isinstance(own, str) or (gives_back and own == ""):
            return "transactionId is no text"
        return None

    def lasting(self, document: Fields) -> list[object]:
        """The operator's own name."""
        return [document.get("transactionId")]


PRAGMATIC: Final = Pragmatic()
