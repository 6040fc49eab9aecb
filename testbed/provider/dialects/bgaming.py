"""BGaming, and SoftSwiss before it (PROVIDERS, 10): several bets in a request, HMAC over the body.

Not documented: what a settled bet's rollback is answered (a success that gives nothing back, or a
refusal that ends the matter, both are taken), what another player's or currency's (a refusal of any
kind is), and after which answers the provider sends again (here: after HTTP 5xx alone).
"""

from decimal import Decimal
from typing import Any, Final

from testbed.provider.answers import Code
from testbed.provider.dialects.documents import is_integer, missing, wrong_echo
from testbed.provider.dialects.port import Case, Fields
from testbed.provider.dialects.signing import SignedInHeader, hmac_sha256
from testbed.provider.messages import Cancel

DONE: Final = 200
"""A success has no code: this is its HTTP status."""

STATUSES: Final = {101: 400, 110: 403, 154: 400, 400: 400, 403: 403}
"""The HTTP statuses of the codes that end the matter."""

TEMPORARY: Final = frozenset({500, 502, 503, 504})

_DONE: Final = frozenset({DONE})


class BGaming(SignedInHeader):
    """Amounts are not sent; a balance is in minor units."""

    name = "bgaming"
    title = "BGaming"
    path = "/rollback"
    header = "X-REQUEST-SIGN"

    reference = "actions.0.original_action_id"
    player = "user_id"
    currency = "currency"
    optional = ("finished",)
    batches = True
    late_bet_accepted = True
    targets_wins = True
    places = 2

    allowed = {  # noqa: RUF012 - not changed
        Case.FIRST: _DONE,
        Case.REPEATED: _DONE,
        Case.UNKNOWN: _DONE,
        Case.BET_REFUSED: _DONE,
        Case.SETTLED: _DONE | {400},
        Case.OTHER_PLAYER: TEMPORARY | {101, 400},
        Case.OTHER_CURRENCY: TEMPORARY | {154, 400},
        Case.SIGNATURE: TEMPORARY | {403, 400},
        Case.MALFORMED: frozenset({400}),
        Case.TEMPORARY: TEMPORARY,
    }
    stops = _DONE | STATUSES.keys()

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """Each bet has an action with a name of its own."""
        return {
            "user_id": cancel.user_id,
            "currency": cancel.currency,
            "game": "demo:Pearls",
            "game_id": cancel.round_id,
            "finished": True,
            "actions": [
                {"action": "rollback", "action_id": own_id, "original_action_id": reference}
                for own_id, reference in cancel.actions()
            ],
        }

    def sign(self, body: bytes, key: str) -> str:
        """Lower-case hex."""
        return hmac_sha256(key, body)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """A success is known by its status, anything else by a code that has the same."""
        if status == DONE:
            return None if "code" in document else DONE
        code = document.get("code")
        right = is_integer(code) and STATUSES.get(code, code) == status
        return code if right else None

    def fault_in(
        self, document: Fields, code: Code, asked: Fields, *, gives_back: bool
    ) -> str | None:
        """One entry for each action, in their order; who was given something back has a `tx_id`."""
        if code != DONE:
            return None if isinstance(document.get("message"), str) else "message is missing"
        problem = missing(document, "balance", "game_id", "transactions")
        problem = problem or wrong_echo(document, asked, "game_id")
        if problem:
            return problem
        if not is_integer(document["balance"]):
            return "balance is no whole number"
        return _fault_in(document["transactions"], asked, gives_back=gives_back)

    def balance_of(self, document: Fields) -> Decimal | None:
        """In minor units."""
        balance = document.get("balance")
        return Decimal(balance).scaleb(-self.places) if is_integer(balance) else None

    def lasting(self, document: Fields) -> list[object]:
        """The operator's own names."""
        return [entry.get("tx_id") for entry in document.get("transactions", ())]


def _fault_in(entries: object, asked: Fields, *, gives_back: bool) -> str | None:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return "transactions is no array of objects"
    sent = [action.get("action_id") for action in asked.get("actions", ())]
    if sent and [entry.get("action_id") for entry in entries] != sent:
        return "transactions are not one for each action in their order"
    for number, entry in enumerate(entries):
        own = entry.get("tx_id")
        if not isinstance(own, str):
            return "tx_id is no text"
        if own == "" and gives_back and number == 0:
            return "tx_id is empty"
        if own != "" and not isinstance(entry.get("processed_at"), str):
            return "processed_at is no text"
    return None


BGAMING: Final = BGaming()
