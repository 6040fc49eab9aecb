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


REPEATED_IS_AN_ERROR = _wrong("repeated-is-an-error", repeated=Answer(12, "It is undone already"))
ANY_TOKEN_IS_RIGHT = _wrong("any-token-is-right", auth=URL_SECRET)
OTHER_PLAYER_IS_DONE = _wrong("other-player-is-done", {Outcome.MISMATCH: _DONE})
SETTLED_IS_DONE = _wrong("settled-is-done", {Outcome.SETTLED: _DONE})
MALFORMED_IS_DONE = _wrong("malformed-is-done", malformed=_DONE)
WITHOUT_OUR_NAME = _wrong("without-our-name", document=_without_our_name)
ANSWERS_IN_JSON = _wrong("answers-in-json", codec=replace(PLAYNGO.codec, encode=JSON.encode))
# It says of itself that it is sent again after this, and its provider does no such thing.
TEMPORARY_IS_FINAL = _wrong(
    "temporary-is-final", {Outcome.PARKED: Answer(12, "Not decided yet", resent=True)}
)
