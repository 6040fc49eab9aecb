"""The console's users and host names, and the receivers whose metrics it reads."""

from typing import Final
from urllib.parse import urlsplit

MIN_PASSWORD_LENGTH: Final = 12
"""Characters: what a program that guesses does not reach in years."""

MAX_USER_LENGTH: Final = 100
"""Characters: what the record of decisions has room for."""


def read_logins(value: str) -> dict[str, str]:
    """Passwords by user. Raises `ValueError` that names a login by its place, never its password.

    A user is what the record of decisions says, so it has to be told apart from every other.
    """
    logins: dict[str, str] = {}
    for number, part in enumerate(filter(None, map(str.strip, value.split(","))), 1):
        user, _, password = part.partition(":")
        if not 0 < len(user) <= MAX_USER_LENGTH or not user.isprintable():
            raise ValueError(f"login {number}: expected user:password")
        if len(password) < MIN_PASSWORD_LENGTH:
            raise ValueError(
                f"login {number}: expected a password of at least {MIN_PASSWORD_LENGTH} characters"
            )
        if user in logins:
            raise ValueError(f"login {number}: that user is given more than once")
        logins[user] = password
    return logins


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of hosts. Raises `ValueError`, for `*` as well: a name that anybody can have lead to
    the console is what it refuses."""
    if not all(name.replace(".", "").replace("-", "").isalnum() for name in names):
        raise ValueError("expected names as console.example, without scheme and port")
    return names


def check_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Where metrics are shown. Raises `ValueError`."""
    if not all(map(_is_url, urls)):
        raise ValueError("expected http://host:port/metrics, the port a number")
    return urls


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
