"""What must hold of every request of a dialect with values of its own places; of Lucky Monaco's the
oracle knows more."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tests.fuzz.expected_refusals import FORMS, Sent, is_amount_of, read_or_none
from tests.fuzz.oracle import ACCEPTED, Judgement
from tests.fuzz.reading import MAX_LENGTH, PATHS, found_at, names_at
from tests.fuzz.rules import CURRENCY, is_blank_or_has_nul, is_text
from tests.fuzz.signing import KEYS_OF, sign
from tests.making import KEYS, PROVIDER
from unbet.core.message import Decision, Group
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_group, encode_group
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.body import (
    MAX_BODY_LENGTH,
    MAX_ITEMS,
    ParsedRequest,
    Reading,
    answer_to,
    cancels_of,
    parse_kept,
    raw_of,
    read,
    render,
)
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError
from unbet.dialects.schemes import RsaSha256

MAX_ANSWER_LENGTH: Final = 4 * MAX_BODY_LENGTH
"""Bytes: an answer repeats what was sent, and in JSON a character may take more."""


def judge_request(content: bytes, dialect: Dialect) -> Judgement:
    """Read a request with such a body, or query. Raises `AssertionError` if what came out breaks a
    promise; whatever but the stated refusal the reader raises comes out of here as well."""
    started = time.thread_time()
    try:
        parsed = parse_kept(content, PROVIDER, dialect)
    except BadRequestError as refusal:
        seconds = time.thread_time() - started
        sent = Sent(content, dialect, read_or_none(content, dialect))
        said = _check_refusal(sent, refusal)
        _check_reading(content, dialect, None, refusal)
        return Judgement(said, seconds)
    seconds = time.thread_time() - started
    document = read_or_none(content, dialect)
    assert document is not None, "another reader cannot read it"
    _check_accepted(content, dialect, parsed, document)
    _check_reading(content, dialect, parsed, None)
    return Judgement(ACCEPTED, seconds)


def _check_accepted(
    content: bytes, dialect: Dialect, parsed: ParsedRequest, document: dict[str, Any]
) -> None:
    request, paths = parsed.request, PATHS[dialect.name]
    assert 1 <= len(request.items) <= MAX_ITEMS
    _is_what_was_sent([item.reference for item in request.items], document, paths.reference)
    if paths.uuid is None:
        assert {item.uuid for item in request.items} == {None}
    else:
        assert [item.uuid for item in request.items] == names_at(document, paths.uuid)
    if request.player is None and dialect.name in ("hub88", "caleta"):
        assert document.get("user") in (None, "")
    else:
        _is_what_was_sent([request.player], document, paths.player)
    _is_what_was_sent([request.currency], document, paths.currency)
    if request.currency is not None:
        assert CURRENCY.fullmatch(request.currency), f"currency is {request.currency!r}"
    amounts = found_at(document, paths.amount) if paths.amount else []
    for value in amounts or [None]:
        assert is_amount_of(request.amount, value), f"{value!r} is read as {request.amount}"
    # What goes into the ledger: PostgreSQL's text takes all of UTF-8 but NUL.
    assert parsed.body.encode() == content, "the text is not what was sent"
    assert "\0" not in parsed.body, "PostgreSQL cannot store the text"
    cancels = cancels_of(
        parsed,
        provider=PROVIDER,
        dialect=dialect,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        received_from="192.0.2.1",
    )
    assert len({cancel.batch for cancel in cancels}) == 1
    assert (cancels[0].batch is None) is (len(cancels) == 1)
    group = Group(version=4, deployment=UUID(int=1), reply_to="r", cancels=tuple(cancels))
    arrived = decode_group(encode_group(group, KEYS), KEYS)
    assert arrived == group, "it does not survive the queue"


def _is_what_was_sent(known: list[str | None], document: Any, path: str | None) -> None:
    if path is None:
        assert set(known) == {None}
        return
    assert known == (found_at(document, path) or [None]), f"{path} is {known!r}"
    for value in known:
        if value is not None:
            assert is_text(value)
            assert len(value) <= MAX_LENGTH
            assert not is_blank_or_has_nul(value)


def _check_reading(
    content: bytes, dialect: Dialect, parsed: ParsedRequest | None, refusal: BadRequestError | None
) -> None:
    """The same through `read`, not signed and signed; and the answers to it."""
    raw, keys = raw_of(content, dialect), KEYS_OF[dialect.name]
    unsigned = read(raw._replace(headers=[], path=dialect.path), {}, PROVIDER, dialect, keys)
    if dialect.auth.takes_keys:
        assert unsigned.parsed is None, "nobody has signed it"
        assert unsigned.reason == "signature"
        wrong = dialect.unsigned
        assert unsigned.answer == wrong
    _render_refusal(dialect, unsigned)
    if parsed is None and isinstance(dialect.auth.scheme, RsaSha256) and len(content) % 8:
        return  # to sign takes longer than all else
    signed = sign(raw, dialect)
    if signed is None:
        return
    reading = read(signed, {}, PROVIDER, dialect, keys)
    if reading.reason == "signature":
        # Only what cannot be read has no content to sign.
        assert refusal is not None
        return
    assert (reading.parsed is None) is (parsed is None), reading.problem
    if parsed is None or reading.parsed is None:
        assert (reading.reason, reading.problem) == ("form", str(refusal))
        _render_refusal(dialect, reading)
        return
    assert reading.parsed.request == parsed.request
    _render_decisions(dialect, reading)


def _render_refusal(dialect: Dialect, reading: Reading) -> None:
    if reading.parsed is None:
        context = AnswerContext(reading.answer, reading.reference, document=reading.document)
        _check_answer(dialect, reading.answer, render(dialect, context))


def _render_decisions(dialect: Dialect, reading: Reading) -> None:
    assert reading.parsed is not None
    count = len(reading.parsed.request.items)
    for outcome, cash in ((Outcome.REVERSED, Decimal("1E+19")), (Outcome.PARKED, None)):
        decision = Decision(
            request_id=UUID(int=1), outcome=outcome, transfer_id=7, cash=cash, currency="EUR"
        )
        _check_answer(dialect, *answer_to(dialect, reading, [decision] * count))


def _check_answer(dialect: Dialect, chosen: Answer, body: bytes) -> None:
    assert len(body) <= MAX_ANSWER_LENGTH, "the answer is too long"
    code = dialect.codec.read_answer(body).get(dialect.code_field, chosen.code)
    assert str(code) == str(chosen.code)


def _check_refusal(sent: Sent, refusal: BadRequestError) -> str:
    """The refusal's kind. It has one of the known forms, and is true."""
    problem = str(refusal)
    for form, is_true in FORMS.items():
        if found := form.fullmatch(problem):
            name = found.groupdict().get("name")
            assert is_true(sent, name), f"refused, but it is not true: {problem}"
            if refusal.reference is not None:
                path = PATHS[sent.dialect.name].reference
                assert found_at(sent.document, path)[:1] == [refusal.reference]
            return problem.replace(name, "…", 1) if name else problem
    raise AssertionError(f"a refusal of no known form: {problem!r}")
