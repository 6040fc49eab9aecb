"""A dialect of another package that is wrong: it is not made, or its failure loses no cancel."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from tests.path_dialect import PATH
from unbet.cli.replaying import Refused, cancels_in
from unbet.core.fields import ProviderId, Reference
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import CancelRequest, Item
from unbet.dialects.auth import URL_SECRET
from unbet.dialects.body import Reading, read_cancels, request_of_one_bet
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError, RawRequest

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Nameless(BaseModel):
    """A request without a `reference`."""


class Request(BaseModel):
    reference: Reference
    provider_id: Annotated[ProviderId | None, Field(alias="provider")] = None


PLAIN = replace(
    PATH, path="/undo", auth=URL_SECRET, request=Request, read_request=request_of_one_bet
)


def cancelled(dialect: Dialect, body: bytes) -> tuple[Reading, tuple[Cancel, ...]]:
    reading, cancels = read_cancels(
        RawRequest(body),
        {},
        dialect,
        provider="P",
        keys=(),
        received_at=NOW,
        received_from="192.0.2.1",
    )
    return reading, tuple(cancels)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"path": "undo"}, "does not begin with /"),
        ({"path": "/u-{player}/undo"}, "a whole segment"),
        ({"path": "/{player}.json"}, "a whole segment"),
        ({"path": "/{player}/{player}"}, "is there once"),
        ({"path": "/{bet}/undo", "example": {}}, "its `example` has no bet"),
        ({"example": {"player": "{player}", "more": [{"id": "{uuid}"}]}}, "an unknown {uuid}"),
        ({"request": Nameless, "read_request": request_of_one_bet}, "no field `reference`"),
    ],
)
def test_one_that_cannot_work_is_not_made(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"path: .*{re.escape(problem)}"):
        replace(PATH, **wrong)


def _fail(_: object) -> CancelRequest:
    raise ZeroDivisionError("of the dialect")


def _negative(request: Request) -> CancelRequest:
    return CancelRequest((Item(request.reference),), None, amount=Decimal(-1))


@pytest.mark.parametrize("read_request", [_fail, _negative])
def test_where_it_fails_the_request_is_logged_and_sent_again(
    read_request: Callable[[Any], CancelRequest],
) -> None:
    dialect = replace(PLAIN, read_request=read_request)
    reading, cancels = cancelled(dialect, b'{"reference": "b-1"}')
    assert cancels == ()
    assert (reading.reason, reading.answer) == ("dialect", dialect.outcomes[Outcome.PARKED])
    assert reading.answer.resent
    assert "of the dialect" in reading.problem or "amount" in reading.problem


def test_a_request_that_asks_for_nothing_is_malformed() -> None:
    dialect = replace(PLAIN, read_request=lambda _: CancelRequest((), None))
    reading, cancels = cancelled(dialect, b'{"reference": "b-1"}')
    assert (reading.reason, reading.problem, cancels) == ("form", "it asks for no bet", ())


@pytest.mark.parametrize("body", [b'{"reference": "b-1"}', b'{"reference":"b-1","provider":null}'])
def test_the_provider_s_own_id_may_be_missing(body: bytes) -> None:
    _, (cancel,) = cancelled(PLAIN, body)
    assert (cancel.reference, cancel.provider) == ("b-1", "P")


def test_a_reference_that_had_the_secret_in_it_is_not_replayed_without_it() -> None:
    form = b"userId=u-1&providerId=P&reference=[secret]-7&hash=[secret]"
    refused = Refused(
        reason="form",
        provider="P",
        dialect="pragmatic",
        received_at=NOW,
        received_from="192.0.2.1",
        body=form,
    )
    with pytest.raises(BadRequestError, match="the secret was in it") as caught:
        cancels_in(refused)
    assert caught.value.reference == "[secret]-7"
    (cancel,) = cancels_in(refused, form.replace(b"[secret]-7", b"s-1-7"))
    assert cancel.reference == "s-1-7"
