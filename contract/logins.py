"""Who may use the console: `UNBET_CONSOLE_BASIC_AUTH`."""

from typing import Final

SHORTEST_PASSWORD: Final = 12
"""Characters: what a program that guesses does not reach in years."""


def read_logins(value: str) -> dict[str, str]:
    """Passwords by user. Raises `ValueError` that names a login by its place, never its password.

    A user is what the record of decisions says, so it has to be told apart from every other.
    """
    logins: dict[str, str] = {}
    for number, part in enumerate(filter(None, map(str.strip, value.split(","))), 1):
        user, _, password = part.partition(":")
        if not user or not user.isprintable():
            raise ValueError(f"login {number}: expected user:password")
        if len(password) < SHORTEST_PASSWORD:
            raise ValueError(
                f"login {number}: expected a password of at least {SHORTEST_PASSWORD} characters"
            )
        if user in logins:
            raise ValueError(f"login {number}: that user is given more than once")
        logins[user] = password
    return logins
