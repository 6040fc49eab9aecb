"""Receivers that trust whom they should not, or do not whom they should."""

import json
from typing import Any

from testbed.provider import DIALECTS
from tests.ops.conformance.reference_receivers import ReferenceReceiver
from tests.ops.conformance.wire import Request
from tests.ops.conformance.wrong_answers import Fields, Make, but


def trusting(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    return but(base, is_signed=lambda *_: True)


def trusting_the_unsigned(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def is_signed(self: ReferenceReceiver, request: Request, fields: Fields) -> bool:
        return self.given(request, fields) == "" or base.is_signed(self, request, fields)

    return but(base, is_signed=is_signed)


def comparing_the_start(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """As far as the shorter one goes, but for none at all."""

    def verifies(
        self: ReferenceReceiver, given: str, request: Request, fields: Fields, key: str
    ) -> bool:
        right = self.signature(request, fields, key)
        return given != "" and given[: len(right)] == right[: len(given)]

    return but(base, verifies=verifies)


def remembering(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """A signature that was good once is good for all."""
    good: set[str] = set()

    def is_signed(self: ReferenceReceiver, request: Request, fields: Fields) -> bool:
        given = self.given(request, fields)
        if base.is_signed(self, request, fields):
            good.add(given)
        return given in good

    return but(base, is_signed=is_signed)


def with_foreign_key(dialect: str) -> Make:
    """One that is somebody else's."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def __init__(self: ReferenceReceiver) -> None:  # noqa: N807
            base.__init__(self)
            self.keys = (*self.keys, DIALECTS[dialect].other_key())

        return but(base, __init__=__init__)

    return make


def with_one_key(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def __init__(self: ReferenceReceiver) -> None:  # noqa: N807
        base.__init__(self)
        self.keys = self.keys[:1]

    return but(base, __init__=__init__)


def writing_again(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """What is signed are not the bytes that came."""

    def is_signed(self: ReferenceReceiver, request: Request, fields: Fields) -> bool:
        written = request._replace(body=json.dumps(fields).encode())
        return base.is_signed(self, written, fields)

    return but(base, is_signed=is_signed)


def not_decoding(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """A form or a query is taken as it stands."""

    def fields(_self: ReferenceReceiver, request: Request) -> dict[str, Any]:
        written = request.body.decode() or request.path.partition("?")[2]
        return dict(pair.split("=", 1) for pair in written.split("&") if pair)

    return but(base, fields=fields)
