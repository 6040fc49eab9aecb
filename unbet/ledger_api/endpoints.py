"""Carries out requests: who asks, what, and what the ledger says."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from unbet.core.money import amount
from unbet.core.wallet_names import LEDGER
from unbet.ledger_api.auth import Callers
from unbet.ledger_api.body import read_object, require_key
from unbet.ledger_api.calls import Calls
from unbet.ledger_api.operations import OPERATIONS, BalanceQuestion, Operation
from unbet.ledger_api.problems import Problem, ProblemError, invalid
from unbet.runtime import metrics
from unbet.runtime.ledger_tokens import Right
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.ledger import InvalidOperationError, Status, balance
from unbet.wallets.ledger.operations import faults_of

Endpoint = Callable[[Request], Awaitable[Response]]

Kind = TypeVar("Kind", bound=BaseModel)

log = structlog.get_logger("ledger")


class Endpoints:
    """One for each operation, and the balances."""

    def __init__(self, callers: Callers, calls: Calls, wallets: WalletChoice) -> None:
        self._callers = callers
        self._calls = calls
        self._wallets = wallets

    def routes(self) -> Iterator[Route]:
        for operation in OPERATIONS:
            endpoint = _counted(operation.name, self._endpoint(operation))
            yield Route(operation.path, endpoint, methods=["POST"])
        yield Route("/balances", _counted("balance", self._balance), methods=["GET"])

    def _endpoint(self, operation: Operation) -> Endpoint:
        async def carry_out(request: Request) -> Response:
            caller = self._callers.require(request, operation.right)
            values = await read_object(request)
            asked: Any = _valid(operation.kind, values)
            require_key(request, asked.reference)
            self._require_ours(getattr(asked, "provider", None))
            result = await self._calls.run(
                lambda c: operation.perform(c, asked), getattr(asked, "user_id", None)
            )
            request.state.result = "replayed" if result.replayed else result.status.value
            log.info(
                operation.name,
                reference=asked.reference,
                status=result.status.value,
                replayed=result.replayed,
                refusal=result.refusal,
                caller=caller,
            )
            if result.status is Status.CONFLICT:
                raise ProblemError(Problem.CONFLICT, "Nothing was done.")
            return JSONResponse(result.model_dump(mode="json", exclude_none=True))

        return carry_out

    def _require_ours(self, provider: str | None) -> None:
        """A bet here whose cancel is decided elsewhere would never be cancelled."""
        if provider is not None and self._wallets.wallet_of(provider) != LEDGER:
            raise invalid(("provider", "its bets are in another wallet"))

    async def _balance(self, request: Request) -> Response:
        self._callers.require(request, Right.READ)
        asked = _question(request)
        has = await self._calls.run(lambda c: balance(c, asked.user_id, asked.currency))
        request.state.result = "done"
        amounts = {name: amount(value) for name, value in has.model_dump().items()}
        return JSONResponse({**asked.model_dump(), **amounts})


def _question(request: Request) -> BalanceQuestion:
    given = request.query_params
    for name in given:
        if len(given.getlist(name)) > 1:
            raise invalid((name, "given twice"))
    return _valid(BalanceQuestion, given)


def _valid(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """`values` as one of `kind`. Raises `ProblemError`, which names each field at fault."""
    try:
        return kind(**values)
    except InvalidOperationError as error:
        raise invalid(*error.faults) from None
    except ValidationError as error:
        raise invalid(*faults_of(error)) from None


def _counted(operation: str, endpoint: Endpoint) -> Endpoint:
    async def counting(request: Request) -> Response:
        began = time.monotonic()
        try:
            return await endpoint(request)
        except ProblemError as error:
            request.state.result = error.problem.kind
            raise
        finally:
            result = getattr(request.state, "result", "failed")
            metrics.LEDGER_CALLS.labels(operation=operation, result=result).inc()
            metrics.LEDGER_CALL_SECONDS.observe(time.monotonic() - began)

    return counting
