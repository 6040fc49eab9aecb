"""The environment, read in this one place: typed, validated, refused with a sentence when wrong.

Longer than other files because every variable stands in it.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

import structlog
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from unbet.core.wire import SHORTEST_KEY, Keys
from unbet.dialects import DialectName
from unbet.runtime.console_access import SHORTEST_PASSWORD, check_names, check_urls, read_logins
from unbet.runtime.database_url import parameters_of
from unbet.runtime.endpoints import Endpoint, check_secret, read_endpoints

PREFIX = "UNBET_"
_FOR_TESTS: Final = "UNBET_TEST"

log = structlog.get_logger("settings")

Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """A variable is missing or wrong; the text is one sentence per variable, for a person."""


_NOT_SHOWN: Final = ("_url", "_urls", "_secret", "_key", "_auth", "endpoints")


def _postgres_url(url: str) -> str:
    parameters_of(url)
    return url


def _redis_url(url: str) -> str:
    if not url.startswith(("redis://", "rediss://")):
        raise ValueError("expected redis://host:port/number, or rediss:// with TLS")
    return url


def _not_blank(name: str) -> str:
    if name.isspace():
        raise ValueError("expected a name that is not blank")
    return name


def _path_segment(secret: SecretStr) -> SecretStr:
    check_secret(secret.get_secret_value())
    return secret


def _login(login: SecretStr) -> SecretStr:
    user, _, password = login.get_secret_value().partition(":")
    if not user or len(password) < SHORTEST_PASSWORD or not login.get_secret_value().isascii():
        raise ValueError(
            f"expected user:password, in ASCII, the password of at least {SHORTEST_PASSWORD} "
            "characters"
        )
    return login


RedisUrl = Annotated[str, AfterValidator(_redis_url)]


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")


class Settings(_Environment):
    """Every `UNBET_` variable. Each description says what it is for, to whoever has set it wrong;
    docs/configuration.md is made of them (`make configuration`)."""

    database_url: Annotated[str, AfterValidator(_postgres_url)] = Field(
        repr=False,
        description="the ledger's PostgreSQL, 14 or later, as "
        "postgresql://user:password@host:port/database, or whatever else libpq takes as a URL: "
        "several hosts (`@a:5432,b:5433/`), a socket's directory, `?sslmode=verify-full`",
    )
    broker_url: RedisUrl = Field(
        repr=False,
        description="the Redis that carries the queue, as redis://…, or rediss://… with TLS",
    )
    redis_url: RedisUrl = Field(
        default_factory=lambda values: values["broker_url"],
        repr=False,
        description="the Redis that carries replies; the broker's if not set",
    )
    deployment: UUID | None = Field(
        None,
        description="the id that `unbet deployment show` tells of the database: with it no process "
        "starts on another one; Flower, which asks no database, needs it where deployments share "
        "a Redis",
    )
    url_secret: Annotated[SecretStr, AfterValidator(_path_segment)] | None = Field(
        None,
        description="the secret first segment of the provider's URL, at least 16 of "
        "`A-Z a-z 0-9 - . _ ~`; the receiver needs it, or several in UNBET_ENDPOINTS",
    )
    endpoints: Annotated[Mapping[str, Endpoint], NoDecode, BeforeValidator(read_endpoints)] = Field(
        {},
        repr=False,
        description="several endpoints, instead of the secret, the provider and the dialect: JSON, "
        'as `{"the-secret": {"provider": "LuckyMonaco", "dialect": "lucky-monaco-v1", '
        '"until": "2027-01-31T00:00:00Z"}}`, the latter two optional',
    )
    provider_id: Annotated[str, AfterValidator(_not_blank)] = Field(
        "LuckyMonaco",
        min_length=1,
        max_length=32,
        description="the provider that calls, as the ledger's keys spell it",
    )
    dialect: DialectName = Field(
        "lucky-monaco-v4", description="the form of the provider's requests and answers"
    )
    allowed_ips: Annotated[tuple[Network, ...], NoDecode] = Field(
        (IPv4Network("0.0.0.0/0"), IPv6Network("::/0")),
        description="networks (CIDR, separated by commas) that the provider calls from",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="networks (CIDR, separated by commas) whose X-Forwarded-For is believed",
    )
    ops_allowed_ips: Annotated[tuple[Network, ...], NoDecode] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="networks (CIDR, separated by commas) that may ask for /readyz, /metrics and "
        "/openapi.json",
    )
    message_key: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="the keys that sign messages and replies, separated by commas: the first "
        "signs, all verify; each of at least 32 characters; the same for receivers and workers, "
        "who need it",
    )
    unknown_reference: Literal["tombstone", "hold"] = Field(
        "tombstone",
        description="what a cancel of an unknown bet does: `tombstone` refuses the bet for ever, "
        "`hold` parks the cancel until the bet has been imported",
    )
    answer_deadline_s: float = Field(
        8.0,
        gt=0,
        lt=10,
        description="seconds within which a cancel is answered: 100 (retry) after 80 % of "
        "them; the provider hangs up at 10",
    )
    resend_after_s: float = Field(
        1.5,
        gt=0,
        lt=10,
        description="seconds without a reply after which a cancel is sent again, at most twice",
    )
    spool_dir: Path = Field(
        Path(".unbet/spool"),
        description="where a receiver keeps cancels that the ledger cannot take; on a local disk",
    )
    group_size: int = Field(
        512, ge=1, le=5000, description="the most cancels that travel in one message"
    )
    groups_in_flight: int = Field(
        2, ge=1, le=64, description="messages of one receiver that may be without a reply at a time"
    )
    max_waiting: int = Field(
        10_000,
        ge=1,
        description="requests one receiver holds; beyond it they are parked and answered 100",
    )
    host: str = Field("127.0.0.1", description="the address the receiver listens on")
    port: int = Field(8080, ge=0, le=65535, description="the receiver's port")
    flower_port: int = Field(5555, ge=0, le=65535, description="Flower's port, on loopback")
    flower_basic_auth: Annotated[SecretStr, AfterValidator(_login)] | None = Field(
        None, description="user:password that Flower asks for; Flower needs it"
    )
    flower_db: Path = Field(
        Path(".unbet/flower/seen"),
        description="the file in which Flower keeps what it has seen; others must not write there",
    )
    console_port: int = Field(8081, ge=0, le=65535, description="the console's port, on loopback")
    console_basic_auth: Annotated[Mapping[str, SecretStr], NoDecode] = Field(
        {},
        repr=False,
        description="who may use the console, as user:password, separated by commas",
    )
    console_hosts: Annotated[tuple[str, ...], NoDecode, AfterValidator(check_names)] = Field(
        (),
        description="names that browsers call the console by, separated by commas; beside loopback",
    )
    console_metrics_urls: Annotated[tuple[str, ...], NoDecode, AfterValidator(check_urls)] = Field(
        (),
        description="where the receivers show their /metrics, separated by commas; the receiver "
        "of UNBET_HOST and UNBET_PORT if not set",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="a port of loopback where worker and sweep show their metrics; 0 for none",
    )
    log_format: Literal["console", "json"] = Field(
        default_factory=lambda: "console" if sys.stderr.isatty() else "json",
        description="`json` for machines, `console` for people; if not set, `console` where "
        "standard error is a terminal",
    )

    @field_validator(
        "allowed_ips",
        "trusted_proxies",
        "ops_allowed_ips",
        "console_hosts",
        "console_metrics_urls",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("message_key", mode="before")
    @classmethod
    def _read_keys(cls, value: Any) -> Any:
        keys = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if any(len(key) < SHORTEST_KEY for key in keys):
            raise ValueError(f"expected keys of at least {SHORTEST_KEY} characters")
        return keys

    @field_validator("console_basic_auth", mode="before")
    @classmethod
    def _read_logins(cls, value: Any) -> Any:
        return read_logins(value) if isinstance(value, str) else value

    def keys(self) -> Keys:
        """What signs and verifies. Raises `SettingsError` if there is no key."""
        if not self.message_key:
            raise SettingsError(
                "UNBET_MESSAGE_KEY is not set: without it whoever can write to Redis could cancel "
                f"bets. Expected at least {SHORTEST_KEY} random characters, the same for receivers "
                "and workers."
            )
        return Keys([key.get_secret_value() for key in self.message_key])

    def receiver_url(self) -> str:
        """Where a receiver with these settings is reached on its own machine, without a path."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def by_secret(self) -> Mapping[str, Endpoint]:
        """The endpoints there are, by secret; empty if there is none."""
        if self.endpoints or self.url_secret is None:
            return self.endpoints
        only = Endpoint(provider=self.provider_id, dialect=self.dialect)
        return {self.url_secret.get_secret_value(): only}


def load() -> Settings:
    """Read the environment. Raises `SettingsError` with a sentence for each variable at fault."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(fault) for fault in error.errors())) from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's own settings, read once."""
    return load()


def unknown_names(environment: Iterable[str]) -> list[str]:
    """A sentence for each of our names in `environment` that no setting has. They are warned of and
    not refused: Kubernetes makes names with our prefix for a service of our name."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIX)
        and name.upper() not in known
        and not name.startswith(_FOR_TESTS)
    )
    return [_unknown(name, known) for name in unknown]


def warn_of_unknown_names() -> None:
    """To be called once a process has its log."""
    for warning in unknown_names(os.environ):
        log.warning(warning)


def _unknown(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name.upper(), known, n=1, cutoff=0.75)
    hint = f"; is {nearest[0]} meant?" if nearest else "."
    return f"{name} is no setting and is ignored{hint}"


def database_url() -> str:
    """`UNBET_DATABASE_URL` alone, for what needs no queue. Raises `SettingsError`."""
    return str(_only("database_url"))


def provider_id() -> str:
    """`UNBET_PROVIDER_ID` alone. Raises `SettingsError`."""
    return str(_only("provider_id"))


def dialect() -> str:
    """`UNBET_DIALECT` alone. Raises `SettingsError`."""
    return str(_only("dialect"))


def endpoints() -> Mapping[str, Endpoint]:
    """`UNBET_ENDPOINTS` alone, by secret. Raises `SettingsError`."""
    return cast(Mapping[str, Endpoint], _only("endpoints"))


def holds_unknown() -> bool:
    """Whether `UNBET_UNKNOWN_REFERENCE` alone says `hold`. Raises `SettingsError`."""
    return _only("unknown_reference") == "hold"


def redis_url() -> str:
    """The Redis of the replies. Raises `SettingsError`."""
    return load().redis_url


def _only(name: str) -> object:
    field = Settings.model_fields[name]
    definition: Any = {name: (field.annotation, field)}
    one: type[BaseSettings] = create_model("One", __base__=_Environment, **definition)
    try:
        return getattr(one(), name)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(fault) for fault in error.errors())) from None


def _sentence(fault: Any) -> str:
    name = str(fault["loc"][0])
    variable = PREFIX + name.upper()
    field = Settings.model_fields.get(name)
    meaning = f" ({field.description})" if field else ""
    if fault["type"] == "missing":
        return f"{variable} is not set{meaning}."
    if fault["type"] == "default_factory_not_called":
        return f"{variable} has no value because another variable is wrong."
    problem = fault["msg"].removeprefix("Value error, ")
    # A secret or a password in a URL must not end up in a log.
    shown = "" if name.endswith(_NOT_SHOWN) else f" {fault['input']!r}"
    return f"{variable} has a wrong value{shown}: {problem}{meaning}."
