"""What the receivers share: who may call, the decisions, and JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from tests.ops.conformance.casino import Casino, Stake
from tests.ops.conformance.wire import ALLOWED, SECRET, Request, Response
from unbet.core.outcomes import Outcome

KEY = "the-first-key"
SECOND_KEY = "the-second-key"


class MalformedError(Exception):
    """The request is no cancel."""


@dataclass(frozen=True)
class Asked:
    """A cancel of one bet; what is None was not sent."""

    reference: str
    uuid: str
    player: str | None = None
    currency: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Decided:
    """What became of it."""

    asked: Asked
    case: str
    stake: Stake | None = None


BINDING = frozenset({"first", "repeated", "unknown", "refused", "settled"})


class ReferenceReceiver:
    """One receiver; a test makes it wrong by other methods."""

    path = ""
    method = "POST"
    late_code = 120
    """The casino's for a bet that comes after its cancel."""
    cases: ClassVar[dict[str, Any]] = {}
    """Its codes by case."""

    def __init__(self, keys: Sequence[str] = (KEY, SECOND_KEY)) -> None:
        self.keys = keys

    def answer(self, request: Request, casino: Casino) -> Response:
        if request.sender != ALLOWED:
            return Response(403, b"")
        if request.path.partition("?")[0] != f"/{SECRET}{self.path}":
            return Response(404, b"")
        if request.method != self.method:
            return Response(405, b"")
        try:
            fields = self.fields(request)
        except (MalformedError, ValueError, RecursionError):
            return self.refusal("malformed", {})
        if not self.is_signed(request, fields):
            return self.refusal("signature", fields)
        try:
            asked = self.asked(fields)
        except (MalformedError, KeyError, IndexError, TypeError, ValueError, AttributeError):
            return self.refusal("malformed", fields)
        return self.told(fields, asked, casino)

    def told(self, fields: Mapping[str, Any], asked: Sequence[Asked], casino: Casino) -> Response:
        for each in asked:
            decided = self.judged(each, casino)
            if decided.case not in BINDING:
                return self.refusal(decided.case, fields)
        done = [self.decided(each, casino) for each in asked]
        return self.success(fields, done, self.cash(casino, asked[0], done[0]))

    def judged(self, asked: Asked, casino: Casino) -> Decided:
        """What would become of it, as far as that depends on what it names."""
        stake = casino.bets.get(asked.reference)
        wrong = {Outcome.MISMATCH: "player", Outcome.CURRENCY_MISMATCH: "currency"}
        if stake is None:
            return Decided(asked, "unknown")
        outcome = casino.checked(stake, asked)
        if outcome is not None:
            return Decided(asked, wrong[outcome], stake)
        if asked.amount is not None and asked.amount != stake.amount and stake.state == "placed":
            return Decided(asked, "amount", stake)
        return Decided(asked, "first", stake)

    def decided(self, asked: Asked, casino: Casino) -> Decided:
        stake = casino.bets.get(asked.reference)
        was = stake.state if stake else ""
        outcome = casino.outcome_of(asked)
        case = {
            Outcome.NO_BET: "unknown",
            Outcome.BET_REFUSED: "refused",
            Outcome.SETTLED: "settled",
            Outcome.REVERSED: "repeated" if was == "reversed" else "first",
        }[outcome]
        return Decided(asked, case, casino.bets.get(asked.reference))

    def cash(self, casino: Casino, asked: Asked, decided: Decided) -> Decimal:
        if decided.stake:
            return casino.accounts[decided.stake.player]
        return next(
            (cash for one, cash in casino.accounts.items() if one.user_id == asked.player),
            Decimal(0),
        )

    def own_id(self, decided: Decided) -> str:
        """The operator's name of the reversal; none where nothing was."""
        return f"w-{decided.asked.reference}" if decided.case in ("first", "repeated") else ""

    # A dialect's own:

    def fields(self, request: Request) -> dict[str, Any]:
        return json_object(request.body)

    def is_signed(self, request: Request, fields: Mapping[str, Any]) -> bool:
        given = self.given(request, fields)
        return any(self.verifies(given, request, fields, key) for key in self.keys)

    def verifies(self, given: str, request: Request, fields: Mapping[str, Any], key: str) -> bool:
        return given == self.signature(request, fields, key)

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        """The signature that came with a request."""
        raise NotImplementedError

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        """The right one."""
        raise NotImplementedError

    def text(self, value: object) -> str:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise MalformedError
        return value

    def balance(self, cash: Decimal) -> object:
        """In the dialect's unit: the currency's, as a number, unless it says otherwise."""
        return number(cash)

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        raise NotImplementedError

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        """The answer to what was decided."""
        raise NotImplementedError

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        raise NotImplementedError


def json_object(body: bytes) -> dict[str, Any]:
    def no_number(name: str) -> None:
        raise MalformedError(name)

    found = json.loads(body.decode(), parse_float=Decimal, parse_constant=no_number)
    if not isinstance(found, dict):
        raise MalformedError
    return found


def answered(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(document).encode())


def number(amount: Decimal) -> str:
    """A mark that `with_numbers` makes a number of."""
    return f"#{amount:f}#"


def with_numbers(response: Response) -> Response:
    return response._replace(body=response.body.replace(b'"#', b"").replace(b'#"', b""))
