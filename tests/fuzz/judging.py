"""What must hold of every request of a dialect with values of its own places; of Lucky Monaco's the
oracle knows more."""

import re
import sys
import time
from datetime import UTC, datetime
from decimal import Context, Decimal, DecimalException
from typing import Any, Final, NamedTuple
from uuid import UUID

from tests.fuzz.oracle import ACCEPTED, Judgement
from tests.fuzz.reading import PATHS, UnreadableError, found_at, read_again
from tests.fuzz.rules import CURRENCY, is_blank_or_has_nul, is_plain_json, is_text, is_utf8
from tests.fuzz.signing import KEYS_OF, sign
from tests.making import KEYS, PROVIDER
from unbet.core.message import Decision, Group
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_group, encode_group
from unbet.dialects.body import (
    MAX_BODY_LENGTH,
    ParsedRequest,
    Reading,
    cancels_of,
    parse_kept,
    raw_of,
    read,
    render,
)
from unbet.dialects.port import MAX_ITEMS, AnswerContext, Dialect
from unbet.dialects.raw import BadRequestError

MAX_LENGTH: Final = 255
MAX_FIELDS: Final = 200
MAX_XML_DEPTH: Final = 16
MAX_ANSWER_LENGTH: Final = 4 * MAX_BODY_LENGTH
"""Bytes: an answer repeats what was sent, and in JSON a character may take more."""
_AMOUNT: Final = re.compile(r"\d{1,20}(\.\d{1,18})?", re.ASCII)


_UNIT: Final = Decimal("1E-18")
_WIDE: Final = Context(prec=60)


class _Sent(NamedTuple):
    content: bytes
    dialect: Dialect
    document: dict[str, Any] | None
    """As another reader reads it; None if it cannot."""


def judge_request(content: bytes, dialect: Dialect) -> Judgement:
    """Read a request with such a body, or query. Raises `AssertionError` if what came out breaks a
    promise; whatever but the stated refusal the reader raises comes out of here as well."""
    started = time.thread_time()
    try:
        parsed = parse_kept(content, PROVIDER, dialect)
    except BadRequestError as refusal:
        seconds = time.thread_time() - started
        sent = _Sent(content, dialect, _read(content, dialect))
        said = _check_refusal(sent, refusal)
        _check_reading(content, dialect, None, refusal)
        return Judgement(said, seconds)
    seconds = time.thread_time() - started
    document = _read(content, dialect)
    assert document is not None, "another reader cannot read it"
    _check_accepted(content, dialect, parsed, document)
    _check_reading(content, dialect, parsed, None)
    return Judgement(ACCEPTED, seconds)


def _check_accepted(
    content: bytes, dialect: Dialect, parsed: ParsedRequest, document: dict[str, Any]
) -> None:
    asked, paths = parsed.asked, PATHS[dialect.name]
    assert 1 <= len(asked.items) <= MAX_ITEMS
    _is_what_was_sent([item.reference for item in asked.items], document, paths.reference)
    if paths.uuid is None:
        assert {item.uuid for item in asked.items} == {None}
    else:
        _is_what_was_sent([item.uuid for item in asked.items], document, paths.uuid)
    _is_what_was_sent([asked.player], document, paths.player)
    _is_what_was_sent([asked.currency], document, paths.currency)
    if asked.currency is not None:
        assert CURRENCY.fullmatch(asked.currency), f"currency is {asked.currency!r}"
    if asked.amount is not None:
        assert isinstance(asked.amount, Decimal)
        (value,) = found_at(document, paths.amount or "")
        assert _amount(value) == asked.amount, f"amount is {asked.amount}, {value!r} was sent"
        assert 0 <= asked.amount < Decimal(10) ** 20
    else:
        assert all(value is None for value in found_at(document, paths.amount or "-"))
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
        wrong = dialect.wrong_signature or dialect.not_allowed
        assert unsigned.answer == wrong
    _render_refusal(dialect, unsigned)
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
    assert reading.parsed.asked == parsed.asked
    _render_decisions(dialect, reading)


def _render_refusal(dialect: Dialect, reading: Reading) -> None:
    if reading.parsed is None:
        context = AnswerContext(reading.answer, reading.reference, document=reading.document)
        _check_answer(dialect, context)


def _render_decisions(dialect: Dialect, reading: Reading) -> None:
    assert reading.parsed is not None
    count = len(reading.parsed.asked.items)
    for outcome, cash in ((Outcome.REVERSED, Decimal("1E+19")), (Outcome.PARKED, None)):
        decision = Decision(
            request_id=UUID(int=1), outcome=outcome, transfer_id=7, cash=cash, currency="EUR"
        )
        context = AnswerContext(
            dialect.answer_to([decision] * count),
            reading.reference,
            decision,
            [decision] * count if count > 1 else (),
            reading.document,
        )
        _check_answer(dialect, context)


def _check_answer(dialect: Dialect, context: AnswerContext) -> None:
    answer = render(dialect, context)
    assert len(answer) <= MAX_ANSWER_LENGTH, "the answer is too long"
    code = dialect.codec.read_answer(answer).get(dialect.code_field, context.answer.code)
    assert str(code) == str(context.answer.code)


def _check_refusal(sent: _Sent, refusal: BadRequestError) -> str:
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


def _read(content: bytes, dialect: Dialect) -> dict[str, Any] | None:
    try:
        return read_again(content, dialect.codec.name)
    except UnreadableError:
        return None


def _amount(value: object) -> Decimal | None:
    """Such as may be an amount; None for what is none."""
    if isinstance(value, str):
        return Decimal(value) if _AMOUNT.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        amount = Decimal(value)
        is_one = 0 <= amount < Decimal(10) ** 20 and amount == amount.quantize(_UNIT, context=_WIDE)
    except DecimalException:
        return None
    return amount if is_one else None


def _values(sent: _Sent, name: str | None) -> list[Any]:
    return found_at(sent.document or {}, name or "")


def _is_unreadable(sent: _Sent, _: str | None) -> bool:
    if sent.dialect.codec.name == "JSON":
        return not is_plain_json(sent.content.decode().removeprefix("\ufeff"))
    return sent.document is None or sent.content.count(b"&") >= MAX_FIELDS


def _is_twice(sent: _Sent, _: str | None) -> bool:
    return sent.document is None


def _is_missing(sent: _Sent, name: str | None) -> bool:
    return not _values(sent, name)


def _is_no_text(sent: _Sent, name: str | None) -> bool:
    return any(not is_text(value) for value in _values(sent, name))


def _is_too_long(sent: _Sent, name: str | None) -> bool:
    return any(
        len(value) > min(MAX_LENGTH, 32 if name == "providerId" else 255)
        for value in _values(sent, name)
    )


def _is_blank(sent: _Sent, name: str | None) -> bool:
    return any(is_blank_or_has_nul(value) for value in _values(sent, name))


def _is_no_currency(sent: _Sent, name: str | None) -> bool:
    return not any(CURRENCY.fullmatch(value) for value in _values(sent, name))


def _is_no_amount(sent: _Sent, name: str | None) -> bool:
    path = PATHS[sent.dialect.name].amount
    return name == path and all(_amount(value) is None for value in _values(sent, name))


def _is_no_object(sent: _Sent, name: str | None) -> bool:
    return any(not isinstance(value, dict) for value in _values(sent, name))


def _is_no_list(sent: _Sent, name: str | None) -> bool:
    return any(not isinstance(value, list) for value in _values(sent, name))


def _is_deep(sent: _Sent, _: str | None) -> bool:
    if sent.document is None:  # too deep for the other reader as well
        return sent.content.count(b"</") > sys.getrecursionlimit() // 4
    return _depth(sent.document) > MAX_XML_DEPTH


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    deepest = max(map(_depth, inner), default=0)
    return deepest if isinstance(value, list) else deepest + isinstance(value, dict)


_NAME: Final = r"(?P<name>[A-Za-z_]+(\[\d+\])?(\.[A-Za-z_]+(\[\d+\])?)*)"

FORMS: Final = {
    re.compile("the body is not UTF-8"): lambda sent, _: not is_utf8(sent.content),
    re.compile("the body is not (JSON|XML)|the form is not readable"): lambda sent, name: (
        not is_utf8(sent.content) or _is_unreadable(sent, name)
    ),
    re.compile("the body is not a JSON object"): lambda sent, _: sent.document is None,
    re.compile("the body is not the element cancelReserve"): lambda sent, _: (
        b"<cancelReserve>" not in sent.content
        or not re.match(
            rb"\s*(<!--.*?-->|<\?.*?\?>|\s)*<cancelReserve[\s>/]",
            sent.content.removeprefix(b"\xef\xbb\xbf"),
            re.S,
        )
    ),
    re.compile("cancelReserve has no elements"): lambda sent, _: sent.document is None,
    re.compile("the body's elements are more than 16 deep"): _is_deep,
    re.compile("the request has a NUL"): lambda sent, _: b"\0" in sent.content,
    re.compile(f"({_NAME}|a field) is given more than once"): _is_twice,
    re.compile(f"{_NAME} is missing"): _is_missing,
    re.compile(f"{_NAME} is not a string"): _is_no_text,
    re.compile(rf"{_NAME} is longer than (255|32) characters"): _is_too_long,
    re.compile(f"{_NAME} is blank or has a character that is not allowed"): _is_blank,
    re.compile(f"{_NAME} is not 3 or 4 letters or digits"): _is_no_currency,
    re.compile("(?P<name>providerId) is not this endpoint's"): lambda sent, name: (
        _values(sent, name)[0].casefold() != PROVIDER.casefold()
    ),
    re.compile(
        f"{_NAME}: (expected an amount as text|Decimal |Input should be (greater|a finite)).*"
    ): _is_no_amount,
    re.compile(f"{_NAME}: Input should be 'rollback'"): lambda sent, name: (
        _values(sent, name) != ["rollback"]
    ),
    re.compile(f"{_NAME} is not an object"): _is_no_object,
    re.compile(f"{_NAME} is not a list"): _is_no_list,
    re.compile(rf"{_NAME} has \d+ items"): (
        lambda sent, name: any(not 1 <= len(one) <= MAX_ITEMS for one in _values(sent, name))
    ),
}
"""The refusals there are, and when each is true."""
