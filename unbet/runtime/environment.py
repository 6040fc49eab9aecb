"""Reads variables: typed, validated, refused with a sentence that names the variable. `settings.py`
lists them."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Final, TypeVar, cast

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from unbet.core.wire import MIN_KEY_LENGTH
from unbet.runtime.console_access import MIN_PASSWORD_LENGTH, read_logins
from unbet.runtime.database_url import parameters_of
from unbet.runtime.endpoints import check_secret
from unbet.runtime.ledger_tokens import LedgerToken, read_tokens

PREFIX: Final = "UNBET_"
PREVENTS: Final = "prevents"
"""Where a field says which failure its setting prevents."""

_FOR_TESTS: Final = "UNBET_TEST"
_NOT_SHOWN: Final = (
    "_url",
    "_urls",
    "_secret",
    "_secrets",
    "_key",
    "_auth",
    "_tokens",
    "endpoints",
    "endpoints_file",
)

Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """A variable is missing or wrong; the text is one sentence per variable, for a person."""


class Environment(BaseSettings):
    """Some of the variables. What needs several kinds of them inherits from each."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")


Kind = TypeVar("Kind", bound=Environment)


def load(kind: type[Kind]) -> Kind:
    """Read the variables of `kind`, and no others. Raises `SettingsError` with a sentence for each
    at fault."""
    try:
        return kind()
    except ValidationError as error:
        problems = (_describe(kind, fault) for fault in error.errors())
        raise SettingsError("\n".join(problems)) from None


def read(kind: type[Kind]) -> Kind:
    """The same, once a process."""
    return cast(Kind, _read(kind))


_read = lru_cache(load)


def setting(default: Any = ..., *, what: str, prevents: str, **more: Any) -> Any:
    """A variable: `what` it is for, and which failure it `prevents`. `more` as pydantic's."""
    if "default_factory" not in more:
        more["default"] = default
    return Field(description=what, json_schema_extra={PREVENTS: prevents}, **more)


def unknown_among(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each of our `names` that is not `known`. They are warned of and
    not refused: Kubernetes makes names with our prefix for a service of our name."""
    variables = {variable_of(name) for name in known}
    return [
        _unknown(name, variables)
        for name in sorted(names)
        if name.upper().startswith(PREFIX)
        and name.upper() not in variables
        and not name.startswith(_FOR_TESTS)
    ]


_LINK: Final = re.compile(r"\[([^]]*)\]\([^)]*\)")
"""In Markdown: descriptions are printed in docs/configuration.md as well."""


def variable_of(name: str) -> str:
    """The variable of a field."""
    return PREFIX + name.upper()


def _unknown(name: str, variables: Iterable[str]) -> str:
    nearest = get_close_matches(name.upper(), variables, n=1, cutoff=0.75)
    hint = f"; is {nearest[0]} meant?" if nearest else "."
    return f"{name} is no setting and is ignored{hint}"


def _describe(kind: type[Environment], fault: Any) -> str:
    name = str(fault["loc"][0])
    variable = variable_of(name)
    field = kind.model_fields.get(name)
    described = _LINK.sub(r"\1", (field and field.description) or "")
    meaning = f" ({described})" if field else ""
    if fault["type"] == "missing":
        return f"{variable} is not set{meaning}."
    if fault["type"] == "default_factory_not_called":
        return f"{variable} has no value because another variable is wrong."
    problem = fault["msg"].removeprefix("Value error, ")
    # A secret or a password in a URL must not end up in a log.
    shown = "" if name.endswith(_NOT_SHOWN) else f" {fault['input']!r}"
    return f"{variable} has a wrong value{shown}: {problem}{meaning}."


# The kinds of values -------------------------------------------------------------------------


def _check_postgres(url: str) -> str:
    parameters_of(url)
    return url


def _check_redis(url: str) -> str:
    if not url.startswith(("redis://", "rediss://")):
        raise ValueError("expected redis://host:port/number, or rediss:// with TLS")
    return url


def _check_blank(name: str) -> str:
    if name.isspace():
        raise ValueError("expected a name that is not blank")
    return name


def _check_segment(secret: SecretStr) -> SecretStr:
    check_secret(secret.get_secret_value())
    return secret


def _check_login(login: SecretStr) -> SecretStr:
    user, _, password = login.get_secret_value().partition(":")
    if not user or len(password) < MIN_PASSWORD_LENGTH or not login.get_secret_value().isascii():
        raise ValueError(
            f"expected user:password, in ASCII, the password of at least {MIN_PASSWORD_LENGTH} "
            "characters"
        )
    return login


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _read_keys(value: Any) -> Any:
    keys = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if any(len(key) < MIN_KEY_LENGTH for key in keys):
        raise ValueError(f"expected keys of at least {MIN_KEY_LENGTH} characters")
    return keys


def _read_logins(value: Any) -> Any:
    return read_logins(value) if isinstance(value, str) else value


def _read_tokens(value: Any) -> Any:
    return read_tokens(value) if isinstance(value, str) else value


PostgresUrl = Annotated[str, AfterValidator(_check_postgres)]
RedisUrl = Annotated[str, AfterValidator(_check_redis)]
Name = Annotated[str, Field(min_length=1, max_length=32), AfterValidator(_check_blank)]
Port = Annotated[int, Field(ge=0, le=65535)]
UrlSecret = Annotated[SecretStr, AfterValidator(_check_segment)]
Login = Annotated[SecretStr, AfterValidator(_check_login)]
Logins = Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_read_logins)]
LedgerTokens = Annotated[tuple[LedgerToken, ...], NoDecode, BeforeValidator(_read_tokens)]
SigningKeys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_read_keys)]
WalletSecrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
