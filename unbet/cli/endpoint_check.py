"""What is wrong with the endpoints that no process would say before a provider calls."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from unbet.cli.endpoint_list import (
    HIDDEN,
    EndpointCommandSettings,
    ListedEndpoint,
    secret_of,
)
from unbet.core.wallet_names import LEDGER
from unbet.dialects.auth import URL_SECRET
from unbet.dialects.openapi.answers import example_answers, example_document
from unbet.runtime.wallet_choice import BESIDE_THE_JOURNAL

COLUMNS: Final = (
    *("", "path", "provider", "dialect", "wallet", "authentication", "keys", "late bet"),
    *("answers", "until"),
)
_WALLETS: Final = BESIDE_THE_JOURNAL | {"http"}


class Problem(NamedTuple):
    """A sentence about one endpoint."""

    endpoint: ListedEndpoint
    text: str
    is_error: bool = True
    """Otherwise a warning: it may be meant so."""

    def line(self) -> str:
        kind = "error" if self.is_error else "warning"
        return f"{kind}: {self.endpoint.title}: {self.text}"

    def document(self) -> Mapping[str, object]:
        return {
            "endpoint": self.endpoint.number,
            "severity": "error" if self.is_error else "warning",
            "problem": self.text,
        }


def row_of(endpoint: ListedEndpoint) -> tuple[object, ...]:
    """In the order of `COLUMNS`."""
    config, dialect = endpoint.config, endpoint.dialect
    return (
        endpoint.number,
        f"/{HIDDEN}{dialect.path}",
        config.provider,
        config.dialect,
        endpoint.wallet,
        str(dialect.auth if config.keys or not dialect.auth.is_optional else URL_SECRET),
        len(config.keys) if dialect.auth.takes_keys else None,
        config.configured_dialect().late_bet,
        ", ".join(f"{name}: {code}" for name, code in _other_answers(endpoint).items()),
        config.until,
    )


def document_of(endpoint: ListedEndpoint) -> Mapping[str, object]:
    """The same by name, and where secret and keys are."""
    names = (name.replace(" ", "_") or "number" for name in COLUMNS)
    return {
        **dict(zip(names, row_of(endpoint), strict=True)),
        "secret": str(endpoint.source) if endpoint.source else None,
        "keys": [str(source) for source in endpoint.config.keys],
        "answers": _other_answers(endpoint),
    }


def problems_of(
    chosen: EndpointCommandSettings, endpoints: Sequence[ListedEndpoint]
) -> Iterator[Problem]:
    """Of each endpoint, in their order."""
    secrets: dict[str, ListedEndpoint] = {}
    keys: dict[bytes, ListedEndpoint] = {}
    for endpoint in endpoints:
        yield from _with_secret(chosen, endpoint, secrets)
        yield from _with_keys(endpoint, keys)
        yield from _with_wallet(endpoint)
        yield from _with_dialect(endpoint)
        until = endpoint.config.until
        if until is not None and until <= datetime.now(UTC):
            yield Problem(endpoint, "until: its secret has expired", is_error=False)


def _with_secret(
    chosen: EndpointCommandSettings, endpoint: ListedEndpoint, known: dict[str, ListedEndpoint]
) -> Iterator[Problem]:
    try:
        secret = secret_of(chosen, endpoint)
    except ValueError as error:
        yield Problem(endpoint, f"secret: {error}")
        return
    first = known.setdefault(secret, endpoint)
    if first is not endpoint:
        yield Problem(endpoint, f"secret: it is that of endpoint {first.number}")


def _with_keys(endpoint: ListedEndpoint, known: dict[bytes, ListedEndpoint]) -> Iterator[Problem]:
    config, auth = endpoint.config, endpoint.dialect.auth
    for source in config.keys:
        try:
            key = config.read_key(source)
        except ValueError as error:
            yield Problem(endpoint, f"keys: {error}")
            continue
        first = known.setdefault(auth.fingerprint(key), endpoint)
        if first.config.provider != config.provider:
            yield Problem(
                endpoint,
                f"keys: {source}: it is a key of endpoint {first.number} as well: "
                f"{first.config.provider} can sign what cancels {config.provider}'s bets",
                # A public key that two endpoints have may be that of one aggregator.
                is_error=isinstance(key, bytes),
            )


def _with_wallet(endpoint: ListedEndpoint) -> Iterator[Problem]:
    wallet, dialect = endpoint.wallet, endpoint.dialect
    if wallet not in _WALLETS and ":" not in wallet:
        known = ", ".join(sorted(_WALLETS - {LEDGER}))
        yield Problem(
            endpoint,
            f"wallet: {wallet!r} is none: it may be {LEDGER}, {known} or package.module:factory",
        )
    elif dialect.needs_cash and wallet not in BESIDE_THE_JOURNAL:
        yield Problem(
            endpoint,
            f"wallet: {dialect.name} answers with the player's balance, and {wallet!r} may tell "
            "none: it is to tell `cash` with each decision",
            is_error=False,
        )


def _with_dialect(endpoint: ListedEndpoint) -> Iterator[Problem]:
    """One of another package may fail in any way."""
    dialect, provider = endpoint.config.configured_dialect(), endpoint.config.provider
    made = "its example"
    try:
        example_document(dialect, provider)
        made = "its first answer"
        for answer in example_answers(dialect, provider):
            made = f"the answer after {answer.name!r}"
    except Exception as error:  # noqa: BLE001
        problem = f"dialect: {made} cannot be made: {type(error).__name__}: {error}"
        yield Problem(endpoint, problem)


def _other_answers(endpoint: ListedEndpoint) -> dict[str, str]:
    """The answers that are not the dialect's own."""
    own = {name: str(answer.code) for name, answer in endpoint.dialect.answers().items()}
    return {name: code for name, code in endpoint.config.answers.items() if own.get(name) != code}
