"""Login roles on our own PostgreSQL: a process has the rights of its role."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from unbet.database.engine import connect_to
from unbet.database.migrate import MIGRATION_LIMITS
from unbet.database.roles import Role, apply_roles, make_login
from unbet.runtime.database_url import parameters_of, url_of

ROLE_OF: Final[Mapping[str, Role | None]] = {
    "web": Role.RECEIVER,
    "worker": Role.WORKER,
    "sweep": Role.WORKER,
    "flower": None,
    "console": Role.CONSOLE,
    "ledger": Role.OPERATOR,
}
"""The lines of the Procfile; None for one that does not use the database. What is not named here
has an operator's rights."""


@dataclass(frozen=True)
class Logins:
    """One login for each role that has a password; `database_url` is a superuser's."""

    database_url: str = field(repr=False)
    passwords: Mapping[Role, str] = field(repr=False)

    def make(self) -> None:
        """On the migrated database: apply the roles, and make the logins. Those that are there get
        these passwords."""
        engine = connect_to(self.database_url, name="roles", pool_size=1, limits=MIGRATION_LIMITS)
        try:
            with engine.begin() as connection:
                apply_roles(connection)
                for role, password in self.passwords.items():
                    make_login(connection, role, _login(role), password)
        finally:
            engine.dispose()

    def url(self, role: Role | None) -> str:
        """The database's, with the rights of `role`; for None one that opens nothing."""
        own = parameters_of(self.database_url)
        for login in ("user", "password", "passfile"):
            own.pop(login, None)
        if role:
            own |= {"user": _login(role), "password": self.passwords[role]}
        return url_of(own)

    def variables(self, line: str) -> Mapping[str, str]:
        """The environment that a line of the Procfile has for itself."""
        return {"UNBET_DATABASE_URL": self.url(ROLE_OF.get(line, Role.OPERATOR))}


def _login(role: Role) -> str:
    return f"{role}_login"
