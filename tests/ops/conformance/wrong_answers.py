"""Receivers of the dialects that have signatures that answer wrongly: each function makes a wrong
one of a right one."""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from tests.ops.conformance.reference_receivers import ReferenceReceiver
from tests.ops.conformance.reference_receivers.receiver import Decided
from tests.ops.conformance.wire import Response

Make = Callable[[type[ReferenceReceiver]], type[ReferenceReceiver]]
Fields = Mapping[str, Any]


def but(base: type[ReferenceReceiver], **changed: object) -> type[ReferenceReceiver]:
    """Right, but for some methods."""
    return cast(type[ReferenceReceiver], type(f"Wrong{base.__name__}", (base,), changed))


def with_code(case: str, code: object) -> Make:
    """Another code, all else as it was."""
    return lambda base: but(base, cases={**base.cases, case: code})


def refusing(case: str, code: object) -> Make:
    """A refusal instead of the right answer."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def success(
            self: ReferenceReceiver, fields: Fields, done: Sequence[Decided], cash: Decimal
        ) -> Response:
            if any(each.case == case for each in done):
                return self.refusal(case, fields)
            return base.success(self, fields, done, cash)

        return but(base, cases={**base.cases, case: code}, success=success)

    return make


def answering(change: Callable[[dict[str, Any]], object]) -> Make:
    """Something else in each success."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def success(
            self: ReferenceReceiver, fields: Fields, done: Sequence[Decided], cash: Decimal
        ) -> Response:
            response = base.success(self, fields, done, cash)
            document = response.document
            change(document)
            return response._replace(body=json.dumps(document).encode())

        return but(base, success=success)

    return make


def in_cents(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    return but(base, balance=lambda self, cash: base.balance(self, cash * 100))


def with_text_balance(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    return but(base, balance=lambda _self, cash: f"{cash:f}")


def without_balance(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    return answering(lambda document: document.pop("balance", None))(base)


def with_new_ids(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    numbers = itertools.count()
    return but(base, own_id=lambda _self, _decided: f"w-{next(numbers)}")
