"""A request, read and checked once, and its answer: what is on the way of every Cancel.

(Over 250 lines: what is on the way of every Cancel is entered once.)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID, uuid5

import orjson
import uuid_utils.compat
from pydantic import ValidationError

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Item
from unbet.dialects.faults import describe, given_twice, twice, valid_reference
from unbet.dialects.raw import BadRequestError, Document, GivenTwiceError, RawRequest

if TYPE_CHECKING:  # port.py imports this file
    from unbet.dialects.port import Dialect

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""

MAX_ITEMS: Final = 100
"""Bets in one request."""

_NOT_YET, _AGAIN, _REFUSED, _LEFT, _SUCCESS, _NOTHING = range(6)
"""Ranks of answers."""

_DERIVED: Final = UUID("c4b1e1a5-5d0c-4a57-9d7e-3c2f0a1b6e84")
"""The name space of the names that we give requests without one."""


class ParsedRequest(NamedTuple):
    """A valid request."""

    request: CancelRequest
    body: str
    """As it was sent; without a body its query."""

    @property
    def reference(self) -> str:
        """Of the first bet."""
        return self.request.items[0].reference


class Reading(NamedTuple):
    """A request that was read, valid or not."""

    document: Document
    """What was sent, of whatever form."""
    parsed: ParsedRequest | None
    """None if it is refused: then the rest says why."""
    reference: str | None
    """If it was a valid one; of the first bet."""
    answer: Answer
    """What it is answered undecided."""
    reason: str = ""
    """`signature`, `form` or `dialect`."""
    problem: str = ""
    """Why it is refused, for the log."""


def read_cancels(
    raw: RawRequest,
    values: Mapping[str, str],
    dialect: "Dialect",
    *,
    provider: str,
    keys: Sequence[Any],
    received_at: datetime,
    received_from: str,
) -> tuple[Reading, Sequence[Cancel]]:
    """A request and a cancel for each bet that it asks for, in its order; none if it is refused.
    Where the dialect itself fails, the request is sent again, and logged for a person meanwhile."""
    try:
        request = read(raw, values, provider, dialect, keys)
        if request.parsed is None:
            return request, ()
        cancels = cancels_of(
            request.parsed,
            provider=provider,
            dialect=dialect,
            received_at=received_at,
            received_from=received_from,
        )
    except Exception as error:  # noqa: BLE001 - a dialect may be of another package
        later, problem = dialect.outcomes[Outcome.PARKED], f"the dialect failed: {error!r}"
        return Reading({}, None, None, later, "dialect", problem), ()
    return request, cancels


def read(
    raw: RawRequest,
    values: Mapping[str, str],
    provider: str,
    dialect: "Dialect",
    keys: Sequence[Any] = (),
) -> Reading:
    """What a request asks, if its provider has sent it. `values` are those in its path, `keys`
    those of its endpoint."""
    document: Document = {}
    refused: BadRequestError | None = None
    try:
        document = decode(raw, dialect)
        if values:
            document = {**document, **values}
    except BadRequestError as error:
        refused = error
    auth = dialect.auth
    # What is wrong with the form is told to the provider only.
    if auth.part is not None and not auth.accepts(raw, document, keys):
        problem = f"not signed by the provider: {auth}"
        return Reading(document, None, None, dialect.unsigned, "signature", problem)
    try:
        if refused is not None:
            raise refused
        parsed = parse(raw, document, provider, dialect)
    except BadRequestError as error:
        answer = dialect.refusal(str(error))
        return Reading(document, None, error.reference, answer, "form", str(error))
    reference = parsed.request.items[0].reference
    if auth.part is not None:
        parsed = parsed._replace(body=auth.redacted(parsed.body, keys))
    return Reading(document, parsed, reference, dialect.outcomes[Outcome.PARKED])


def answer_to(
    dialect: "Dialect",
    request: Reading,
    decisions: Sequence[Decision],
    *,
    knows_players: bool = False,
) -> tuple[Answer, bytes]:
    """What is told of the `decisions` on the bets of a request, one for each, and its body. Several
    bets have one answer: the first of the lowest `_rank`, but that of success if a part is done and
    the answer says which. `knows_players` is as in `AnswerContext`."""
    first = decisions[0]
    if len(decisions) == 1:
        chosen = answer_of(dialect, first.outcome, replayed=first.replayed)
    else:
        chosen = _answer_to_several(dialect, decisions)
    context = AnswerContext(
        chosen, request.reference, first, decisions, request.document, knows_players
    )
    return chosen, render(dialect, context)


def _answer_to_several(dialect: "Dialect", decisions: Sequence[Decision]) -> Answer:
    answers = [answer_of(dialect, one.outcome, replayed=one.replayed) for one in decisions]
    ranks = [_rank(dialect, *pair) for pair in zip(decisions, answers, strict=True)]
    is_part_done = (
        dialect.answers_each
        and {*ranks} - {_NOTHING} == {_REFUSED, _SUCCESS}
        and any(one.outcome is Outcome.REVERSED for one in decisions)
    )
    return answers[ranks.index(_SUCCESS if is_part_done else min(ranks))]


def _rank(dialect: "Dialect", decision: Decision, answer: Answer) -> int:
    """Which of several bets has the answer to all; the lowest.

    not yet: it is not decided
    again: its answer has the request sent again
    refused: its answer is any other but success
    left: it stands because of another bet, whose answer says why
    success
    nothing: there was no stake to give back, and its answer is no success
    """
    match decision.outcome:
        case Outcome.PARKED:
            return _NOT_YET
        case Outcome.BATCH_REFUSED:
            return _LEFT
    if _reads_as(answer, dialect.outcomes[Outcome.REVERSED], dialect.repeated):
        return _SUCCESS
    if decision.outcome in (Outcome.NO_BET, Outcome.BET_REFUSED):
        return _NOTHING
    return _AGAIN if answer.resent else _REFUSED


def _reads_as(answer: Answer, *others: Answer | None) -> bool:
    """Whether the provider, who reads no description, takes it for one of them."""
    codes = [(other.status, other.code) for other in others if other is not None]
    return (answer.status, answer.code) in codes


def answer_of(dialect: "Dialect", outcome: Outcome, *, replayed: bool = False) -> Answer:
    """The answer for an outcome, or for one that an earlier request had."""
    if replayed and dialect.repeated is not None and outcome is Outcome.REVERSED:
        return dialect.repeated
    return dialect.outcomes.get(outcome) or dialect.outcomes[Outcome.MISMATCH]


def render(dialect: "Dialect", context: AnswerContext) -> bytes:
    """The answer as the provider reads it."""
    shape = dialect.document
    if callable(shape):
        return dialect.codec.encode(shape(context))
    values = {name: field(context) for name, field in shape.items()}
    return dialect.codec.encode(without_none(values))


def kept_of(raw: RawRequest, dialect: "Dialect") -> bytes:
    """What is kept of a request: that which its dialect reads."""
    return raw.query if dialect.codec.in_query else raw.body


def raw_of(kept: bytes, dialect: "Dialect") -> RawRequest:
    """The request of which the body, or without one the query, was `kept`."""
    if dialect.codec.in_query:
        return RawRequest(b"", query=kept, method=dialect.method)
    return RawRequest(kept, method=dialect.method)


def parse_kept(
    kept: bytes, provider: str, dialect: "Dialect", values: Mapping[str, str] | None = None
) -> ParsedRequest:
    """As `parse`, of a request that is not signed any more; `values` are those in its path."""
    raw = raw_of(kept, dialect)
    return parse(raw, {**decode(raw, dialect), **(values or {})}, provider, dialect)


def decode(raw: RawRequest, dialect: "Dialect") -> Document:
    """What a request says, unchecked. Raises `BadRequestError`."""
    try:
        return dialect.codec.decode(raw)
    except GivenTwiceError as error:
        raise BadRequestError(twice(error.name, dialect)) from None


def parse(raw: RawRequest, document: Document, provider: str, dialect: "Dialect") -> ParsedRequest:
    """The request of which `decode` has made `document`. Raises `BadRequestError`.

    `provider` is the endpoint's; the request's, if the dialect has one, must be the same but for
    case (PROTOCOL, "The call").
    """
    values = _spelt(document, dialect)
    try:
        fields: Any = dialect.request.model_validate(values)
    except ValidationError as error:
        raise BadRequestError(describe(error), valid_reference(values, dialect)) from None
    request = dialect.read_request(fields)
    if not request.items:
        raise BadRequestError("it asks for no bet")
    named = getattr(fields, "provider_id", None) or provider
    if named.casefold() != provider.casefold():
        name = dialect.request.model_fields["provider_id"].alias
        raise BadRequestError(f"{name} is not this endpoint's", request.items[0].reference)
    if len(request.items) > MAX_ITEMS:
        raise BadRequestError(f"it asks for more than {MAX_ITEMS} bets")
    text = text_of(kept_of(raw, dialect))
    if "\0" in text:  # PostgreSQL stores none
        raise BadRequestError("the request has a NUL", request.items[0].reference)
    return ParsedRequest(request, text)


def cancels_of(
    parsed: ParsedRequest,
    *,
    provider: str,
    dialect: "Dialect",
    received_at: datetime,
    received_from: str,
) -> list[Cancel]:
    """One for each bet that the request asks for, in its order. A provider that does not name its
    request has it named by us, always the same for the bet."""
    request = parsed.request
    ids = [uuid_utils.compat.uuid7() for _ in request.items]
    return [
        Cancel(
            request_id=request_id,
            received_at=received_at,
            received_from=received_from,
            provider=provider,
            dialect=dialect.name,
            reference=item.reference,
            player=request.player,
            currency=request.currency,
            uuid=item.uuid or str(uuid5(_DERIVED, f"{provider}\0{item.reference}")),
            body=parsed.body,
            amount=request.amount,
            batch=ids[0] if len(ids) > 1 else None,
            of_round=item.of_round,
        )
        for request_id, item in zip(ids, request.items, strict=True)
    ]


def _spelt(document: Document, dialect: "Dialect") -> Document:
    """`document` with each name in its first spelling."""
    others = [spelling for spelling in dialect.spellings if spelling in document]
    if not others:
        return document
    values = dict(document)
    for spelling in others:
        name, other = dialect.spellings[spelling], document[spelling]
        if values.setdefault(name, other) != other:
            reference = valid_reference(values, dialect)
            raise BadRequestError(f"{name} and {spelling} differ", reference)
    return values


def request_of_one_bet(fields: Any) -> CancelRequest:
    """Of a request that is about one bet, and whose fields are called `reference`, `uuid`,
    `user_id`, `currency` and `amount`; all but the first may be missing."""
    uuid, player = getattr(fields, "uuid", None), getattr(fields, "user_id", None)
    currency, amount = getattr(fields, "currency", None), getattr(fields, "amount", None)
    return CancelRequest((Item(fields.reference, uuid),), player, currency, amount)


def text_of(body: bytes) -> str:
    """The body as text. Raises `BadRequestError`."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequestError("the body is not UTF-8") from None


def without_none(document: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is known."""
    return {name: value for name, value in document.items() if value is not None}


def to_json(document: Any) -> bytes:
    """`document` as JSON, its amounts as exact numbers, whole numbers of any size."""
    try:
        return orjson.dumps(document, default=_exactly)
    except TypeError:  # it writes no whole number of more than 64 bits
        return orjson.dumps(_with_large_numbers(document), default=_exactly)


def _exactly(value: Any) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(f"JSON has no {type(value).__name__}")
    return orjson.Fragment(format(value, "f"))


def _with_large_numbers(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {name: _with_large_numbers(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_with_large_numbers(value) for value in document]
    return Decimal(document) if type(document) is int else document


@dataclass(frozen=True)
class Codec:
    """A form of requests, and the form of their answers."""

    name: str
    decode: Callable[[RawRequest], Document]
    """Raises `BadRequestError`."""
    encode: Callable[[Any], bytes] = to_json
    read_answer: Callable[[bytes], Any] = orjson.loads
    """The reverse of `encode`. Raises `BadRequestError` or `ValueError`."""
    content_type: bytes = b"application/json"
    request_type: str = "application/json"
    """The content type that such requests usually have; none is demanded."""
    write: Callable[[Document], bytes] = to_json
    """The reverse of `decode`: a request's body, or its query."""
    in_query: bool = False
    """Whether the request is the URL's query, and has no body."""


def _json(raw: RawRequest) -> Document:
    try:
        document = _DECODER.decode(text_of(raw.body).removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    return _plain(document)


JSON: Final = Codec("JSON", _json)


class _Object(list[tuple[str, Any]]):
    """An object of JSON, as it stands: a name may be there twice."""


def _plain(document: Any) -> dict[str, Any]:
    """`document` with objects as dicts, without recursion. Raises `BadRequestError` if a name is
    given more than once in one of them, or if it is none itself."""
    result = {"": document}
    left: list[tuple[Any, Any]] = [(result, "")]
    while left:
        holder, key = left.pop()
        one = holder[key]
        if isinstance(one, _Object):
            if len(dict(one)) != len(one):
                raise given_twice(one)
            one = holder[key] = dict(one)
            left += [(one, name) for name, value in one.items() if isinstance(value, list)]
        elif isinstance(one, list):
            left += [(one, place) for place, value in enumerate(one) if isinstance(value, list)]
    if not isinstance(result[""], dict):
        raise BadRequestError("the body is not a JSON object")
    return result[""]


def _exact(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except DecimalException:  # an exponent that is out of all bounds, as no amount has it
        return Decimal("Infinity")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Object, parse_constant=_refuse_constant, parse_float=_exact
)
"""One for all: to make it takes as long as to read a Cancel."""
