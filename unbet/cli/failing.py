"""How a command fails: with one sentence for a person, and an exit status."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from unbet.cli import database

EXIT_USAGE: Final = 2


class CommandError(Exception):
    """A command has failed: the text is for a person, `status` is the exit status."""

    def __init__(self, problem: str, status: int = 1) -> None:
        super().__init__(problem)
        self.status = status


@contextmanager
def failing_on(*errors: type[Exception], status: int = 1) -> Iterator[None]:
    """What a person can set right is told without a traceback. Raises `CommandError` for `errors`,
    whose texts are sentences, or the database's."""
    try:
        yield
    except errors as error:
        problem = database.describe(error) if isinstance(error, DBAPIError) else str(error)
        raise CommandError(problem, status) from error
