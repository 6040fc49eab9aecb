"""What a wallet's response says of each cancel. Whatever is not exactly a verdict on what was asked
is unanswered or ambiguous: never a success, and never "no such bet"."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from unbet.core.fields import PLAIN_DECIMAL
from unbet.core.message import Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.core.wallet_refs import number_of
from unbet.wallets.http.request import Item
from unbet.wallets.port import MAX_WALLET_REF, Decided, Undecided, Verdict, Why

MAX_BYTES: Final = 1 << 20
"""Of a response's body; a verdict has some 200."""
NOT_NOW: Final = frozenset({401, 429, 503})
"""Statuses of a wallet that works for nobody just now."""
MAX_DETAIL: Final = 200
"""Characters of a response that are kept for a person."""

_CASH: Final = re.compile(rf"-?{PLAIN_DECIMAL}", re.ASCII)


def _exact(value: Any) -> Any:
    if isinstance(value, str) and _CASH.fullmatch(value):
        return Decimal(value)
    raise ValueError('expected an amount as text such as "10.00"')


class _Verdict(BaseModel):
    # More fields may come; those that are known are taken as they are, or not at all.
    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: UUID


class _DecidedVerdict(_Verdict):
    outcome: Literal[
        Outcome.REVERSED,
        Outcome.NO_BET,
        Outcome.BET_REFUSED,
        Outcome.SETTLED,
        Outcome.MISMATCH,
        Outcome.CURRENCY_MISMATCH,
        Outcome.AMOUNT_MISMATCH,
    ]
    undecided: None = None
    cash: Annotated[Decimal, BeforeValidator(_exact)] | None = None
    replayed: Annotated[bool, Field(strict=True)] | None = None
    wallet_ref: Annotated[str, Field(strict=True, max_length=MAX_WALLET_REF)] | None = None


class _UndecidedVerdict(_Verdict):
    outcome: None = None
    undecided: Literal[Why.BUSY, Why.REJECTED]
    detail: str = ""


_VERDICT: Final[TypeAdapter[_DecidedVerdict | _UndecidedVerdict]] = TypeAdapter(
    # In this order: the second is not tried for each of hundreds that fit the first.
    Annotated[_DecidedVerdict | _UndecidedVerdict, Field(union_mode="left_to_right")]
)


def read(items: Sequence[Item], status: int, waits: bool, body: bytes) -> list[Verdict]:
    """The verdict on each cancel of `items`. With `waits` the response says when to come again."""
    if status == 200:
        return _read_array(items, body)
    detail = f"HTTP {status}: {_shown(body)}"
    if status == 429 and waits:
        return undecided(items, Why.BUSY, "the wallet is busy", detail)
    if status == 503 and waits:
        return undecided(items, Why.AWAY, "the wallet is away", detail)
    if status == 401:
        return undecided(items, Why.AWAY, "the wallet refuses the signature", detail)
    return unanswered(items, "no answer of the wallet's", detail)


def undecided(items: Sequence[Item], why: Why, reason: str, detail: str) -> list[Verdict]:
    """The same of all."""
    return [Undecided(cancel, why, reason, detail) for item in items for cancel in item.alike]


def unanswered(items: Sequence[Item], reason: str, detail: str) -> list[Verdict]:
    """No answer of the wallet's to a call. Any of several cancels may be to blame: a try of each is
    used up, and each is asked alone next. A lone one keeps its try."""
    why = Why.UNANSWERED if len(items) == 1 else Why.AMBIGUOUS
    return undecided(items, why, reason, detail)


def _read_array(items: Sequence[Item], body: bytes) -> list[Verdict]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list):
        return unanswered(items, "no answer of the wallet's", _shown(body))
    if not _says_all_once(body):
        return undecided(items, Why.AMBIGUOUS, "a field is there twice", _shown(body))
    answers: dict[str, list[object]] = {str(item.cancel.request_id): [] for item in items}
    for one in found:
        name = one.get("request_id") if isinstance(one, dict) else None
        if not isinstance(name, str) or name not in answers:
            reason = "an answer to another request"
            return undecided(items, Why.AMBIGUOUS, reason, _shown(body))
        answers[name].append(one)
    return [
        verdict for item in items for verdict in _read(item, answers[str(item.cancel.request_id)])
    ]


def _says_all_once(body: bytes) -> bool:
    """Whether no object has a name twice, of which readers take the first or the last. orjson takes
    the last and does not say; it has read the body before."""

    def once(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) < len(pairs):
            raise ValueError

    try:
        json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return False
    return True


def _read(item: Item, answers: Sequence[object]) -> list[Verdict]:
    if len(answers) != 1:
        reason = "answered twice" if answers else "not answered"
        return undecided([item], Why.AMBIGUOUS, reason, f"{len(answers)} verdicts")
    try:
        verdict = _VERDICT.validate_python(answers[0])
    except ValidationError:
        shown = _shown(orjson.dumps(answers[0]))
        return undecided([item], Why.AMBIGUOUS, "no verdict that is known", shown)
    if isinstance(verdict, _UndecidedVerdict):
        detail = verdict.detail[:MAX_DETAIL]
        return undecided([item], Why(verdict.undecided), "the wallet says so", detail)
    outcome = Outcome(verdict.outcome)
    # Of another player's bet, or in another currency or of another stake, no cash is passed on.
    is_theirs = outcome not in MISMATCHES
    return [
        Decided(
            Decision(
                request_id=cancel.request_id,
                outcome=outcome,
                transfer_id=number_of(verdict.wallet_ref) if is_theirs else None,
                currency=cancel.currency,
                cash=verdict.cash if is_theirs else None,
            ),
            verdict.replayed,
            verdict.wallet_ref if is_theirs else None,
        )
        for cancel in item.alike
    ]


def _shown(body: bytes) -> str:
    return body[:MAX_DETAIL].decode(errors="replace")
