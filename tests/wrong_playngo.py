"""Dialects that are wrong on purpose, each in one way: what the conformance kit has to find."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from own_dialect.playngo import PLAYNGO

from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.auth import URL_SECRET
from unbet.dialects.body import JSON
from unbet.dialects.port import Dialect

_DONE: Final = Answer(0, "Done")


def _wrong(name: str, outcomes: Mapping[Outcome, Answer] | None = None, **changed: Any) -> Dialect:
    return replace(PLAYNGO, name=name, outcomes={**PLAYNGO.outcomes, **(outcomes or {})}, **changed)


def _without_our_name(context: AnswerContext) -> Mapping[str, Any]:
    return {"externalTransactionId": "", "statusCode": context.answer.code}


WRONG: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        _wrong("repeated_is_an_error", repeated=Answer(12, "It is undone already")),
        _wrong("any_token_is_right", auth=URL_SECRET),
        _wrong("other_player_is_done", {Outcome.MISMATCH: _DONE}),
        _wrong("settled_is_done", {Outcome.SETTLED: _DONE}),
        _wrong("malformed_is_done", malformed=_DONE),
        _wrong("without_our_name", document=_without_our_name),
        _wrong("answers_in_json", codec=replace(PLAYNGO.codec, encode=JSON.encode)),
        # It says of itself that it is sent again after this, and its provider does no such thing.
        _wrong("temporary_is_final", {Outcome.PARKED: Answer(12, "Not decided yet", resent=True)}),
    )
}
"""By their names."""


def __getattr__(name: str) -> Dialect:
    """One of `WRONG`: an entry point can name an attribute of a module, and no key."""
    try:
        return WRONG[name]
    except KeyError:
        raise AttributeError(name) from None
