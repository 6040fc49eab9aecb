"""The ledger's URL, read as libpq reads it: several hosts, sockets, IPv6, service names and all."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

FORM: Final = "expected postgresql://user:password@host:port/database"
_SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg")
_SESSION_ATTRIBUTES: Final = (
    *("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
)


def parameters_of(url: str) -> dict[str, str]:
    """What `url` says, by libpq's keywords; what it leaves out is left to libpq. Raises
    `ValueError` with a sentence in which nothing of the URL stands: it may hold a password."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(FORM)
    try:
        read = conninfo_to_dict(f"postgresql://{rest}")
    except (psycopg.Error, UnicodeError):
        raise ValueError(f"{FORM}; libpq cannot read it") from None
    parameters = {keyword: str(value) for keyword, value in read.items()}
    hosts = (parameters.get("hostaddr") or parameters.get("host") or "").split(",")
    ports = parameters.get("port", "").split(",")
    if not all(_is_port(port) for port in ports):
        raise ValueError(f"{FORM}, the port a number")
    if len(ports) not in (1, len(hosts)):
        raise ValueError(f"{FORM}, a port for each host or one for all")
    if parameters.get("target_session_attrs", "any") not in _SESSION_ATTRIBUTES:
        raise ValueError(f"expected target_session_attrs to be {', '.join(_SESSION_ATTRIBUTES)}")
    return parameters


def url_of(parameters: Mapping[str, str]) -> str:
    """The URL that says `parameters`, for libpq and for what is told one."""
    left = dict(parameters)
    user, password = left.pop("user", None), left.pop("password", None)
    database = left.pop("dbname", "")
    login = ""
    if user is not None:
        secret = "" if password is None else f":{quote(password, safe='')}"
        login = f"{quote(user, safe='')}{secret}@"
    place = ""
    if left.get("host") and not set(left["host"]) & set(",/:"):
        port = left.pop("port", None)
        place = quote(left.pop("host"), safe="") + (f":{port}" if port else "")
    query = f"?{urlencode(left, quote_via=quote)}" if left else ""
    return f"postgresql://{login}{place}/{quote(database, safe='')}{query}"


def _is_port(port: str) -> bool:
    return not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
