"""`unbet wallet check --command "python -m examples.wallet_http.check_bets"`, with
CASINO_DATABASE_URL."""

from contextlib import suppress
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from examples.casino.check_bets import answer_lines
from examples.casino.database import engine_of_environment
from examples.wallet_http.bets import Bets

SESSIONS: Final = {
    "postgresql": """
        SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user
           AND pid <> pg_backend_pid()
    """,
    "mariadb": """
        SELECT id FROM information_schema.processlist
         WHERE user = substring_index(current_user(), '@', 1) AND id <> connection_id()
    """,
}
END: Final = {"postgresql": "SELECT pg_terminate_backend(:id, 1000)", "mariadb": "KILL :id"}


def end_sessions(engine: Engine) -> None:
    """Whatever the service is doing fails in the middle, as when the database restarts."""
    kind = engine.dialect.name
    with engine.connect() as connection:
        for session in connection.execute(text(SESSIONS[kind])).scalars().all():
            with suppress(DBAPIError):  # it has ended by itself
                connection.execute(text(END[kind]), {"id": session})


def main() -> None:
    engine = engine_of_environment()
    answer_lines(Bets(engine), lambda: end_sessions(engine))


if __name__ == "__main__":
    main()
