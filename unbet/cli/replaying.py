"""Turns requests that a receiver has refused into cancels, after a person has corrected them."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from unbet.core.fields import ProviderId
from unbet.core.message import Cancel
from unbet.dialects import DIALECTS, DialectName
from unbet.dialects.body import cancels_of, parse_kept
from unbet.dialects.raw import BadRequestError

HIDDEN: Final = "[secret]"
"""What the log has in place of a secret (`unbet/dialects/auth.py`)."""


class Refused(BaseModel):
    """A receiver's log line of a refusal (`api/refusals.py`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: str
    provider: ProviderId
    dialect: DialectName
    received_at: AwareDatetime
    received_from: str
    body: bytes
    path_values: Mapping[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _decode(cls, line: Any) -> Any:
        if isinstance(line, dict) and "body_base64" in line:
            try:
                return line | {"body": base64.b64decode(line["body_base64"], validate=True)}
            except (binascii.Error, TypeError):
                raise ValueError("body_base64 is not base64") from None
        return line


class LogError(Exception):
    """A line is no log line of a refusal; the text says which."""


def refusals_in(lines: Iterable[str]) -> Iterator[Refused]:
    """The refusals among the lines of a receiver's log (UNBET_LOG_FORMAT=json); other lines are
    passed by. Raises `LogError`."""
    for number, line in enumerate(lines, 1):
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if not isinstance(document, dict) or document.get("event") != "refused":
            continue
        try:
            yield Refused.model_validate(document)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"]))
            raise LogError(f"line {number}: {where}: {fault['msg']}") from None


def cancels_in(refused: Refused, body: bytes | None = None) -> list[Cancel]:
    """The cancels of `refused` as if it had come in just now, with another `body` if one is given.
    Raises `BadRequestError` where it is refused again."""
    dialect = DIALECTS[refused.dialect]
    kept = refused.body if body is None else body
    cancels = cancels_of(
        parse_kept(kept, refused.provider, dialect, refused.path_values),
        provider=refused.provider,
        dialect=dialect,
        received_at=refused.received_at,
        received_from=refused.received_from,
    )
    for cancel in cancels:
        if any(HIDDEN in (name or "") for name in (cancel.reference, cancel.player, cancel.uuid)):
            problem = "the secret was in it, which the log leaves out: give the body by --body"
            raise BadRequestError(problem, cancel.reference)
    return cancels
