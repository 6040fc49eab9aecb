"""Who sends a request, by its bearer token, and what they may do."""

from collections.abc import Sequence
from hmac import compare_digest

import structlog
from starlette.requests import Request

from unbet.ledger_api.problems import Problem, ProblemError
from unbet.runtime.endpoint_registry import WrongSecrets, sender_of
from unbet.runtime.ledger_tokens import LedgerToken, Right, digest_of
from unbet.runtime.settings import Network

_CHALLENGE = {"www-authenticate": 'Bearer realm="Unbet ledger"'}

log = structlog.get_logger("ledger")


class Callers:
    """Knows the tokens. The right one is let in whatever others have tried."""

    def __init__(self, tokens: Sequence[LedgerToken], trusted_proxies: tuple[Network, ...]) -> None:
        self._tokens = tokens
        self._trusted_proxies = trusted_proxies
        self._wrong = WrongSecrets()

    def require(self, request: Request, right: Right) -> str:
        """The caller's name. Raises `ProblemError`: 401 without a valid token, 403 without
        `right`, 429 to an address that has had its wrong tries."""
        given = request.headers.get("authorization")
        if given is None:
            raise ProblemError(
                Problem.UNAUTHORIZED, "Expected Authorization: Bearer ….", headers=_CHALLENGE
            )
        token = self._token(given)
        if token is None:
            sender = sender_of(request.scope, self._trusted_proxies)
            if self._wrong.too_many(sender):
                raise ProblemError(Problem.GUESSING, "Wait a minute.")
            log.warning("a wrong token", received_from=sender)
            raise ProblemError(Problem.UNAUTHORIZED, "The token is not known.", headers=_CHALLENGE)
        if right not in token.rights:
            log.warning("a right is missing", caller=token.name, right=right.value)
            raise ProblemError(
                Problem.FORBIDDEN, f"The token has not the right `{right}`.", headers=_CHALLENGE
            )
        return token.name

    def _token(self, authorization: str) -> LedgerToken | None:
        """The one that is given. It is compared with each, in constant time."""
        scheme, _, token = authorization.partition(" ")
        given = digest_of(token.strip().encode("latin-1"))
        found = [one for one in self._tokens if compare_digest(given, one.digest)]
        return found[0] if found and scheme.lower() == "bearer" else None
