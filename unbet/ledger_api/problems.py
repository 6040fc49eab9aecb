"""What a request that is not carried out is told: problem details (RFC 9457), one kind each."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from starlette.responses import JSONResponse, Response

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 10
"""Fields that one answer names: a body has room for thousands."""
MAX_NAME_LENGTH: Final = 64


class Problem(Enum):
    """The kinds: the last part of `type`, the HTTP status and the title."""

    INVALID = ("invalid", 400, "The request is not valid.")
    UNAUTHORIZED = ("unauthorized", 401, "A valid token is missing.")
    FORBIDDEN = ("forbidden", 403, "The token has not the right to do this.")
    NOT_FOUND = ("not-found", 404, "There is nothing here.")
    METHOD = ("method", 405, "Another method is expected here.")
    SLOW = ("slow", 408, "The body did not come in time.")
    TOO_LONG = ("too-long", 413, "The body is too long.")
    CONFLICT = ("conflict", 422, "The reference was used before with other details.")
    OUT_OF_RANGE = ("out-of-range", 422, "The ledger cannot hold the result.")
    GUESSING = ("guessing", 429, "Too many wrong tokens.")
    FAILED = ("failed", 500, "This is a fault of the ledger's.")
    UNAVAILABLE = ("unavailable", 503, "The ledger does not answer in time.")

    def __init__(self, kind: str, status: int, title: str) -> None:
        self.kind = kind
        self.status = status
        self.title = title

    @property
    def uri(self) -> str:
        """What a program tells it by."""
        return f"urn:unbet:problem:{self.kind}"


RETRIED: Final = {Problem.GUESSING: "60", Problem.UNAVAILABLE: "1"}
"""After how many seconds what was asked may be asked again."""


class ProblemError(Exception):
    """A request that is not carried out. `errors` has the fields that are at fault, and why."""

    def __init__(
        self,
        problem: Problem,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        if problem in RETRIED:
            self.headers["retry-after"] = RETRIED[problem]

    def response(self) -> Response:
        document: dict[str, object] = {
            "type": self.problem.uri,
            "title": self.problem.title,
            "status": self.problem.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"field": field, "problem": why} for field, why in self.errors]
        return JSONResponse(
            document, self.problem.status, headers=self.headers, media_type=MEDIA_TYPE
        )


def invalid(*errors: tuple[str, str]) -> ProblemError:
    """A field is missing or wrong, or the body as a whole."""
    shown = [(_shown(field), problem) for field, problem in errors[:MAX_ERRORS]]
    detail = "; ".join(f"{field}: {problem}" for field, problem in shown)
    return ProblemError(Problem.INVALID, detail, errors=shown)


def _shown(field: str) -> str:
    """A name as it came may be long, and no Unicode text."""
    return field[:MAX_NAME_LENGTH].encode(errors="backslashreplace").decode() or "body"
