"""Interrupts a wallet that decides in Unbet's own sessions: the database ends them."""

from typing import Final

from sqlalchemy import Engine, text

# Those of this engine but for the one that asks; whoever opened them may end them.
_END: Final = text("""
    SELECT pg_terminate_backend(pid)
      FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND usename = current_user
       AND datname = current_database() AND application_name = current_setting('application_name')
""")


def end_sessions(engine: Engine) -> None:
    """What they are doing is rolled back, or was committed already."""
    with engine.connect() as connection:
        connection.execute(_END)
