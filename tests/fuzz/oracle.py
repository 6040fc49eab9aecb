"""What must hold of every body, whatever it is."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from tests.fuzz.rules import (
    CURRENCY,
    FORMS,
    MAX_LENGTHS,
    given_twice,
    is_blank_or_has_nul,
    is_text,
    is_valid,
)
from tests.making import KEYS, PROVIDER
from unbet.core.message import Cancel, Group
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_group, encode_group
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import ParsedRequest, cancels_of, parse_kept, render
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError

ACCEPTED: Final = "accepted"
MAX_ANSWER_LENGTH: Final = 512
"""Bytes."""


class Judgement(NamedTuple):
    """What became of a body."""

    said: str
    """`ACCEPTED`, or the refusal without its field's name."""
    seconds: float
    """Of this thread's CPU: everybody else waits meanwhile."""


def judge(body: bytes, dialect: Dialect) -> Judgement:
    """Parse `body`. Raises `AssertionError` if what came out breaks a promise; whatever but the
    stated refusal the parser raises comes out of here as well."""
    started = time.thread_time()
    try:
        parsed = parse_kept(body, PROVIDER, dialect)
    except BadRequestError as refusal:
        seconds = time.thread_time() - started
        return Judgement(_check_refusal(body, dialect, refusal), seconds)
    seconds = time.thread_time() - started
    _check_accepted(body, dialect, parsed)
    return Judgement(ACCEPTED, seconds)


def _check_accepted(body: bytes, dialect: Dialect, parsed: ParsedRequest) -> None:
    read = body.decode().removeprefix("\ufeff")
    document = json.loads(read)
    assert not given_twice(read), "which of two values was meant?"
    (item,) = parsed.request.items
    known = {
        "userId": parsed.request.player,
        "currency": parsed.request.currency,
        "reference": item.reference,
        "uuid": item.uuid,
    }
    for theirs in dialect.request.model_json_schema()["properties"]:
        value = document.get(theirs, document.get("gamename") if theirs == "gameName" else None)
        kept = known.get(theirs, value)
        assert kept == value, f"{theirs} is {kept!r}, {value!r} was sent"
        assert is_text(value), f"{theirs} is no text: {value!r}"
        assert len(value) <= MAX_LENGTHS[theirs], f"{theirs} is too long"
        assert not is_blank_or_has_nul(value), f"{theirs} is blank or has a NUL: {value!r}"
    currency = parsed.request.currency
    assert CURRENCY.fullmatch(currency or ""), f"currency is {currency!r}"
    assert document.get("gamename", document.get("gameName")) == document.get(
        "gameName", document.get("gamename")
    )
    assert document["providerId"].casefold() == PROVIDER.casefold()
    # What goes into the ledger: PostgreSQL's text takes all of UTF-8 but NUL.
    assert parsed.body.encode() == body, "the text is not the body"
    assert "\0" not in parsed.body, "PostgreSQL cannot store the text"
    group = Group(
        version=4, deployment=UUID(int=1), reply_to="r", cancels=(cancel_with(parsed, dialect),)
    )
    arrived = decode_group(encode_group(group, KEYS), KEYS)
    # As JSON: what only a dialect asks for (`roundId`) travels in the text alone.
    assert arrived.model_dump_json() == group.model_dump_json(), "it does not survive the queue"
    _check_answer(dialect, AnswerContext(dialect.answer_of(Outcome.NO_BET), parsed.reference))


def _check_refusal(body: bytes, dialect: Dialect, refusal: BadRequestError) -> str:
    """The refusal's kind. It has one of the known forms, and is true."""
    problem = str(refusal)
    text = body.decode(errors="replace").removeprefix("\ufeff")
    document = _read(text)
    fields = document if isinstance(document, Mapping) else {}
    for form, is_true in FORMS.items():
        if found := form.fullmatch(problem):
            name = found.groupdict().get("name")
            assert is_true(body, text, document, name), f"refused, but it is not true: {problem}"
            if refusal.reference is not None:
                assert refusal.reference == fields.get("reference"), "another reference is echoed"
                assert is_valid("reference", refusal.reference), "a wrong reference is echoed"
            _check_answer(dialect, AnswerContext(dialect.refusal(problem), refusal.reference))
            return problem.replace(name, "…", 1) if name else problem
    raise AssertionError(f"a refusal of no known form: {problem!r}")


def _check_answer(dialect: Dialect, said: AnswerContext) -> None:
    answer = render(dialect, said)
    assert len(answer) <= MAX_ANSWER_LENGTH, "the answer is too long"
    assert json.loads(answer)["error"] == said.answer.code


def cancel_with(parsed: ParsedRequest, dialect: Dialect) -> Cancel:
    """As the receiver would hand it on."""
    (cancel,) = cancels_of(
        parsed,
        provider=PROVIDER,
        dialect=dialect,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        received_from="192.0.2.1",
    )
    return cancel.model_copy(update={"request_id": UUID(int=1)})


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
