"""The variables that several processes read, or that belong together: one class for each group.

(Over 250 lines: a list, which `settings.py` puts together.)
"""

import math
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from unbet.core.wire import MIN_KEY_LENGTH, Keys
from unbet.dialects import DialectName
from unbet.runtime.endpoints import EndpointConfig, check_url, read_endpoints
from unbet.runtime.endpoints_file import EndpointsFile, read_endpoints_file
from unbet.runtime.environment import (
    Environment,
    Name,
    Networks,
    Port,
    PostgresUrl,
    RedisUrl,
    SettingsError,
    SigningKeys,
    UrlSecret,
    WalletSecrets,
    setting,
)
from unbet.runtime.wallet_choice import WalletChoice


class LedgerSettings(Environment):
    """Where the money is."""

    database_url: PostgresUrl = setting(
        repr=False,
        what="the ledger's PostgreSQL, 14 or later, as "
        "postgresql://user:password@host:port/database, or whatever else libpq takes as a URL: "
        "several hosts (`@a:5432,b:5433/`), a socket's directory, `?sslmode=verify-full`",
        prevents="deciding in a database that only happens to be there: there is no default",
    )


class DeploymentSettings(Environment):
    """Which installation this is."""

    deployment: UUID | None = setting(
        None,
        what="the id that `unbet deployment show` tells of the database: with it no process "
        "starts on another one; Flower, which asks no database, needs it where deployments share "
        "a Redis",
        prevents="work on a copied or mistaken database",
    )


class BrokerSettings(Environment):
    """Where the queue is."""

    broker_url: RedisUrl = setting(
        repr=False,
        what="the Redis that carries the queue, as redis://…, or rediss://… with TLS",
        prevents="a queue on which nobody works: receivers and workers are to name the same one",
    )


class ReplySettings(BrokerSettings):
    """Where replies are, beside the queue."""

    redis_url: RedisUrl = setting(
        default_factory=lambda values: values["broker_url"],
        repr=False,
        what="the Redis that carries replies; the broker's if not set",
        prevents="replies that wait behind a full queue, if it is one of their own",
    )


class SigningSettings(Environment):
    """What receivers and workers know each other by."""

    message_key: SigningKeys = setting(
        (),
        what="the keys that sign messages and replies, separated by commas: the first "
        "signs, all verify; each of at least 32 characters; the same for receivers and workers, "
        "who need it",
        prevents="cancels and answers by whoever can write to Redis",
    )

    def keys(self) -> Keys:
        """What signs and verifies. Raises `SettingsError` if there is no key."""
        if not self.message_key:
            raise SettingsError(
                "UNBET_MESSAGE_KEY is not set: without it whoever can write to Redis could cancel "
                f"bets. Expected at least {MIN_KEY_LENGTH} random characters, the same for "
                "receivers and workers."
            )
        return Keys([key.get_secret_value() for key in self.message_key])


class ProviderSettings(Environment):
    """The provider that there is if there is but one."""

    provider_id: Name = setting(
        "LuckyMonaco",
        what="the provider that calls, as the ledger's keys spell it",
        prevents="a bet that is not found because its provider spells itself otherwise",
    )
    dialect: DialectName = setting(
        "lucky-monaco-v4",
        what="the form of the provider's requests and answers; a dialect that needs keys only in "
        "an endpoint",
        prevents="answers that the provider does not understand, and so repeats or drops",
    )


class EndpointsSettings(Environment):
    """Several endpoints."""

    endpoints: Annotated[
        Mapping[str, EndpointConfig], NoDecode, BeforeValidator(read_endpoints)
    ] = setting(
        {},
        repr=False,
        what="several endpoints, instead of the secret, the provider and the dialect: JSON, "
        'as `{"the-secret": {"provider": "LuckyMonaco", "dialect": "lucky-monaco-v1", '
        '"wallet": "sql", "until": "2027-01-31T00:00:00Z"}}`; `provider` alone is required, '
        "[the other fields](deployment.md#endpoints-in-a-file) are those of the file; the same for "
        "receivers, workers and sweeps where an endpoint names its wallet",
        prevents="one provider's cancels of another one's bets, and a gap while a secret is "
        "replaced",
    )

    endpoints_file: Annotated[
        EndpointsFile | None, NoDecode, BeforeValidator(read_endpoints_file)
    ] = setting(
        None,
        repr=False,
        what="a file with the endpoints, TOML or JSON by its suffix, in place of UNBET_ENDPOINTS: "
        "secrets and keys stand in it as names of variables and files, and only receivers read "
        "those (see [docs/deployment.md](deployment.md#endpoints-in-a-file))",
        prevents="a variable that nobody can read or review, and secrets of providers on machines "
        "that need none",
    )

    @field_validator("endpoints_file")
    @classmethod
    def _instead(cls, file: EndpointsFile | None, info: ValidationInfo) -> EndpointsFile | None:
        if file is not None and info.data.get("endpoints"):
            raise ValueError("UNBET_ENDPOINTS is set as well, and only one of them can hold")
        return file

    @property
    def endpoints_variable(self) -> str:
        """The variable that endpoints come from."""
        return "UNBET_ENDPOINTS_FILE" if self.endpoints_file else "UNBET_ENDPOINTS"

    @property
    def endpoints_origin(self) -> str:
        """The same, with the file if it names one."""
        file = self.endpoints_file
        return self.endpoints_variable + (f": {file.path}" if file else "")

    def configs(self) -> tuple[EndpointConfig, ...]:
        """The endpoints in their order. For this no secret of a file is read."""
        if self.endpoints_file is not None:
            return self.endpoints_file.endpoints
        return tuple(self.endpoints.values())

    def named_wallets(self) -> Mapping[str, str]:
        """The wallets that endpoints name, by provider."""
        return {one.provider: one.wallet for one in self.configs() if one.wallet}


class EndpointSettings(ProviderSettings, EndpointsSettings):
    """The URLs that providers were told."""

    url_secret: UrlSecret | None = setting(
        None,
        what="the secret first segment of the provider's URL, at least 16 of "
        "`A-Z a-z 0-9 - . _ ~`; the receiver needs it, or several in UNBET_ENDPOINTS",
        prevents="cancels by anybody",
    )

    def by_secret(self) -> Mapping[str, EndpointConfig]:
        """The endpoints there are, by secret; empty if there is none. Raises `SettingsError` for a
        secret that cannot be read."""
        if self.endpoints_file is not None:
            try:
                return self.endpoints_file.by_secret()
            except ValueError as error:
                raise SettingsError(f"{self.endpoints_origin}: {error}.") from None
        if self.endpoints or self.url_secret is None:
            return self.endpoints
        return {self.url_secret.get_secret_value(): self._only()}

    def _only(self) -> EndpointConfig:
        try:
            return EndpointConfig(provider=self.provider_id, dialect=self.dialect)
        except ValidationError as error:
            problem = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise SettingsError(
                f"UNBET_DIALECT needs an endpoint in UNBET_ENDPOINTS or UNBET_ENDPOINTS_FILE: "
                f"{problem}."
            ) from None


class UnknownBetSettings(Environment):
    """What becomes of the cancel of a bet that is not there."""

    unknown_reference: Literal["tombstone", "hold"] = setting(
        "tombstone",
        what="what a cancel of an unknown bet does: `tombstone` refuses the bet for ever, "
        "`hold` parks the cancel until the bet has been imported",
        prevents="a debit after the cancel was answered; `hold`: the refusal of bets that are "
        "still to be imported",
    )

    @property
    def holds_unknown(self) -> bool:
        """Whether such a cancel is parked."""
        return self.unknown_reference == "hold"


class WalletNameSettings(EndpointsSettings):
    """Which wallet keeps the bets' money."""

    wallet: str = setting(
        "ledger",
        what="what keeps the bets' money: `ledger`, the one that comes along, `sql`, your function "
        "`unbet_cancel` in the same database, `http`, your service, or Python of yours as "
        "`package.module:factory`; the same for all processes and for `unbet`. An endpoint may "
        "name another one: see UNBET_ENDPOINTS",
        prevents="cancels of bets that are in your own tables, and are never found",
    )

    def wallet_choice(self) -> WalletChoice:
        """Which wallet decides whose cancels."""
        return WalletChoice(self.wallet, self.configs(), self.endpoints_variable)

    def wallet_of(self, provider: str) -> str:
        """The wallet that decides the provider's cancels."""
        return self.wallet_choice().wallet_of(provider)

    def wallets(self) -> tuple[str, ...]:
        """Each wallet once, `UNBET_WALLET`'s first."""
        return tuple(self.wallet_choice().distinct_routes())


class WalletSettings(UnknownBetSettings, WalletNameSettings):
    """What decides cancels, and how it is reached."""

    wallet_ambiguous: Literal["retry", "person"] = setting(
        "retry",
        what="what becomes of a cancel whose wallet gave no clear answer and does not remember "
        "what it has decided: `retry` refuses such a wallet at the start, `person` asks it once "
        "and leaves each doubt to a person",
        prevents="a bet that is reversed twice by a wallet that forgets",
    )

    @property
    def person_decides(self) -> bool:
        """Whether a doubt waits for a person."""
        return self.wallet_ambiguous == "person"

    wallet_url: str | None = setting(
        None,
        what="with `http`: where your wallet service is; `/cancels` is appended to it",
        prevents="calls that reach another service: there is no default",
    )
    wallet_secrets: WalletSecrets = setting(
        (),
        what="with `http`: what signs the calls, `whsec_` and 24 to 64 bytes in base64; two, "
        "separated by a comma, while one replaces the other",
        prevents="cancels by whoever reaches your wallet service",
    )
    wallet_closes_unknown: bool | None = setting(
        None,
        what="with `sql` or `http`: whether your Bet refuses a bet whose cancel came first "
        "(`true`), or not (`false`): then each `no_bet` is asked again for an hour, and a late bet "
        "reversed within minutes; if not set, `true` for `sql`, whose scaffold does so, and "
        "`false` for `http`",
        prevents="a late bet that is debited and that nobody looks for",
    )
    wallet_cancels_rounds: bool = setting(
        False,
        what="with `sql` or `http`: whether your wallet takes cancels that say `of_round`: all "
        "bets of the round that `reference` names, and those to come; otherwise such a cancel "
        "waits for a person",
        prevents="a round that is taken for a bet, which is not there",
    )
    wallet_takes_dry_run: bool = setting(
        False,
        what="with `http`: whether your wallet decides nothing where a cancel says `dry_run`; "
        "otherwise a dry run does not ask it",
        prevents="a dry run that moves money",
    )
    wallet_remembers_s: float = setting(
        math.inf,
        ge=0,
        what="with `http`: for how many seconds your wallet repeats its decision of a `key`; `inf` "
        "for ever, 0 if it does not",
        prevents="a bet that is reversed twice because its wallet was asked after it had forgotten",
    )
    wallet_max_together: int = setting(
        32,
        ge=1,
        le=256,
        what="with `http`: the most cancels in one call",
        prevents="calls that are larger than your wallet can decide in time",
    )
    wallet_calls_at_once: int = setting(
        8,
        ge=1,
        le=64,
        what="with `http`: the most calls of one process at a time, each on its own connection",
        prevents="more calls at once than your wallet can take",
    )
    wallet_call_limit_s: float = setting(
        1.4,
        ge=0.1,
        le=2.5,
        what="with `http`: seconds that one call may take; it is asked again while there is time, "
        "3 s in all",
        prevents="a lost answer that leaves no time to ask again",
    )
    wallet_sweep_call_limit_s: float = setting(
        2.5,
        ge=0.1,
        le=10.0,
        what="with `http`: seconds that a call of the sweep may take, for which nobody waits",
        prevents="cancels that stay parked because your wallet takes longer than a provider waits",
    )


def url_at(host: str, port: int) -> str:
    """Where what listens there is reached on its own machine, without a path."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class DryRunSettings(Environment):
    """To roll out beside what answers cancels today."""

    wallet_dry_run: bool = setting(
        False,
        what="with `on` nothing is decided, parked or recorded: what would be decided is logged, "
        "and each cancel is answered 100, or by the old endpoint (UNBET_WALLET_DRY_RUN_URL); "
        "workers need not be told",
        prevents="a first try of a new wallet with real money",
    )
    wallet_dry_run_url: Annotated[str, AfterValidator(check_url)] | None = setting(
        None,
        repr=False,
        what="in a dry run: the URL of the endpoint that answers cancels today; each request is "
        "passed on to it as it came, and its answer given back. An endpoint in UNBET_ENDPOINTS "
        "may have its own as `dry_run_url`",
        prevents="players who wait for their stakes while a new wallet is tried",
    )


class ListeningSettings(Environment):
    """Where the receiver is."""

    host: str = setting(
        "127.0.0.1",
        what="the address the receiver listens on",
        prevents="being reached past the proxy, where it is loopback",
    )
    port: Port = setting(
        8080, what="the receiver's port", prevents="a clash with what else listens there"
    )

    def receiver_url(self) -> str:
        """Where a receiver with these settings is reached on its own machine, without a path."""
        return url_at(self.host, self.port)


class CallerSettings(Environment):
    """Whose address a request comes from, and who may see how a process does."""

    trusted_proxies: Networks = setting(
        (),
        what="networks (CIDR, separated by commas) whose X-Forwarded-For is believed",
        prevents="an invented sender's address, and one limit for all who come through a proxy",
    )
    ops_allowed_ips: Networks = setting(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        what="networks (CIDR, separated by commas) that may ask for /readyz, /metrics and "
        "/openapi.json",
        prevents="other clients that see what a receiver depends on",
    )


class LogSettings(Environment):
    """How a process tells what it does."""

    log_format: Literal["console", "json"] = setting(
        default_factory=lambda: "console" if sys.stderr.isatty() else "json",
        what="`json` for machines, `console` for people; if not set, `console` where "
        "standard error is a terminal",
        prevents="lines that a log's reader cannot take apart",
    )


class MetricsSettings(Environment):
    """Metrics of what has no HTTP of its own."""

    metrics_port: Port = setting(
        0,
        what="a port of loopback where worker and sweep show their metrics; 0 for none",
        prevents="a machine without a receiver of which nobody sees that it stands still",
    )
