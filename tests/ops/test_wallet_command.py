"""`unbet wallet`: its words and exit statuses. What it prints is tried in tests/wallets/."""

import pytest

from tests.ops.conftest import Unbet
from tests.wallets.sql_casino import FUNCTION


def test_the_example_is_what_scaffold_prints(unbet: Unbet) -> None:
    ran = unbet("wallet", "scaffold")
    assert (ran.status, ran.out) == (0, FUNCTION)


@pytest.mark.parametrize("name", ["users; DROP TABLE users", "Users", "a.b.c", "", 'u"sers'])
def test_what_is_no_plain_name_of_a_table_is_refused(unbet: Unbet, name: str) -> None:
    ran = unbet("wallet", "scaffold", "--transactions", name)
    assert (ran.status, ran.out) == (2, "")
    assert "no plain name of a table" in ran.err
