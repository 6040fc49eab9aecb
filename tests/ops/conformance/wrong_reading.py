"""Receivers that read what is no cancel, or do not read what is one."""

from collections.abc import Callable
from typing import Any

from tests.ops.conformance.casino import Casino
from tests.ops.conformance.reference_receivers import ReferenceReceiver
from tests.ops.conformance.reference_receivers.receiver import Asked, MalformedError
from tests.ops.conformance.wire import ALLOWED, SECRET, Request, Response
from tests.ops.conformance.wrong_answers import Fields, Make, but


def demanding(*names: str) -> Make:
    """Fields that may be missing, or are never sent."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def asked(self: ReferenceReceiver, fields: Fields) -> list[Asked]:
            if any(name not in fields for name in names):
                raise MalformedError
            return base.asked(self, fields)

        return but(base, asked=asked)

    return make


def refusing_field(name: str) -> Make:
    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def asked(self: ReferenceReceiver, fields: Fields) -> list[Asked]:
            if name in fields:
                raise MalformedError
            return base.asked(self, fields)

        return but(base, asked=asked)

    return make


def refusing_other(name: str) -> Make:
    """Only what the first cancel of a bet had."""
    firsts: dict[str, object] = {}

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def asked(self: ReferenceReceiver, fields: Fields) -> list[Asked]:
            made = base.asked(self, fields)
            if firsts.setdefault(made[0].reference, fields.get(name)) != fields.get(name):
                raise MalformedError
            return made

        return but(base, asked=asked)

    return make


def reading(text: Callable[[Any], str]) -> Make:
    """Another idea of what text is."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def read(self: ReferenceReceiver, value: object) -> str:
            try:
                return base.text(self, value)
            except MalformedError:
                return text(value)

        return but(base, text=read)

    return make


def blank_too(value: Any) -> str:
    if isinstance(value, str) and not value.strip():
        return "x"
    raise MalformedError


def numbers_too(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    raise MalformedError


def without_nul(value: Any) -> str:
    if isinstance(value, str) and "\0" in value:
        return value.replace("\0", "")
    raise MalformedError


def at_most_36(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def text(self: ReferenceReceiver, value: object) -> str:
        if len(str(value)) > 36:
            raise MalformedError
        return base.text(self, value)

    return but(base, text=text)


def reading_arrays(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def fields(self: ReferenceReceiver, request: Request) -> dict[str, Any]:
        body = request.body.strip()
        inner = body[1:-1] if body.startswith(b"[{") else body
        return base.fields(self, request._replace(body=inner))

    return but(base, fields=fields)


def crashing(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def answer(self: ReferenceReceiver, request: Request, casino: Casino) -> Response:
        try:
            base.fields(self, request)
        except (MalformedError, ValueError, RecursionError):
            return Response(500, b"")
        return base.answer(self, request, casino)

    return but(base, answer=answer)


def called(change: Callable[[Request], Request]) -> Make:
    """Takes a request for another one."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def answer(self: ReferenceReceiver, request: Request, casino: Casino) -> Response:
            return base.answer(self, change(request), casino)

        return but(base, answer=answer)

    return make


def by_any_method(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    return called(lambda request: request._replace(method=base.method))(base)


def from_anywhere(request: Request) -> Request:
    return request._replace(sender=ALLOWED)


def at_any_secret(request: Request) -> Request:
    _, _, rest = request.path[1:].partition("/")
    return request._replace(path=f"/{SECRET}/{rest}")
