"""`unbet reconcile`: a provider's own list of cancels against the ledger.

(Over 150 lines: one table of what list and ledger can say of a bet.)
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine, make_url, text

from tests.databases import url_as
from tests.making import PROVIDER, Operator, cancel_of
from tests.ops.conftest import WHOLE, Ran, Unbet
from unbet.database.roles import Role

Reconcile = Callable[..., Ran]


@pytest.fixture
def reconcile(unbet: Unbet, tmp_path: Path) -> Reconcile:
    """Writes the lines to a file and compares it with the ledger."""

    def run(*lines: dict[str, object], arguments: tuple[object, ...] = ()) -> Ran:
        file = tmp_path / "list.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return unbet("reconcile", file, *arguments, "--json")

    return run


FOUND: Final[list[tuple[dict[str, object], tuple[str, str] | None]]] = [
    ({"reference": "reversed"}, None),
    ({"reference": "reversed", "user": "alice", "currency": "EUR", "code": 0}, None),
    ({"reference": "reversed", "PROVIDERID": PROVIDER.upper()}, None),
    ({"reference": "reversed", "providerId": "Another"}, ("missing", "unknown")),
    ({"reference": "reversed", "userId": "bob"}, ("differing", "player")),
    ({"reference": "reversed", "userId": "bob", "code": 7}, None),
    ({"reference": "reversed", "currency": "USD"}, ("differing", "currency")),
    ({"reference": "reversed", "currency": "USD", "answer": 2}, None),
    ({"reference": "reversed", "code": 100}, ("differing", "outcome")),
    ({"reference": "reversed", "code": 120}, ("differing", "outcome")),
    ({"reference": "reversed", "code": 1}, ("differing", "outcome")),
    ({"reference": "reversed", "outcome": "no_bet"}, ("differing", "outcome")),
    ({"reference": "refused", "code": "0"}, None),
    ({"reference": "never-came", "code": 0}, None),
    ({"reference": "never-came", "user": "bob"}, ("differing", "player")),
    ({"reference": "settled"}, ("differing", "outcome")),
    ({"reference": "settled", "code": 0}, ("differing", "outcome")),
    ({"reference": "settled", "code": 120}, None),
    ({"reference": "settled", "code": 999}, None),
    ({"reference": "settled", "outcome": "settled"}, None),
    ({"reference": "settled-only"}, ("missing", "unknown")),
    ({"reference": "placed"}, ("missing", "unknown")),
    ({"reference": "placed", "code": 120}, ("missing", "unknown")),
    ({"reference": "theirs"}, ("differing", "outcome")),
    ({"reference": "theirs", "code": 7}, None),
    ({"reference": "lied-about", "code": 7}, ("differing", "told_success")),
    ({"reference": "parked", "code": 100}, ("differing", "parked")),
    ({"reference": "dead"}, ("differing", "dead")),
    ({"reference": "closed"}, ("differing", "closed")),
    ({"reference": "nobody-knows"}, ("missing", "unknown")),
]


@pytest.mark.usefixtures("bets")
def test_each_line_is_held_against_what_the_ledger_knows(reconcile: Reconcile) -> None:
    ran = reconcile(*(line for line, _ in FOUND))

    rows = {row["line"]: row for row in ran.document["rows"] if row["kind"] != "repeated"}
    found = [
        (line, (rows[n]["kind"], rows[n]["reason"]) if n in rows else None)
        for n, (line, _) in enumerate(FOUND, 1)
    ]
    assert found == FOUND
    assert (ran.status, ran.document["ok"], ran.document["lines"]) == (1, False, len(FOUND))
    for kind in ("missing", "differing"):
        expected = [what for _, what in FOUND if what and what[0] == kind]
        assert ran.document[kind] == len(expected)
    state = {"our_state": "reversed", "our_outcome": "reversed", "our_user": "alice"}
    assert state.items() <= rows[5].items()
    assert rows[24]["our_outcome"] == "mismatch"


@pytest.mark.usefixtures("bets")
def test_what_is_cancelled_in_the_period_and_not_in_the_list_is_extra(
    reconcile: Reconcile, operator: Operator
) -> None:
    operator.cancel(cancel_of("elsewhere", provider="Another"))
    line: dict[str, object] = {"reference": "reversed"}
    assert reconcile(line).document["extra"] == 0

    ran = reconcile(line, arguments=WHOLE)

    extra = [(row["reference"], row["reason"]) for row in ran.document["rows"]]
    assert sorted(extra) == [("never-came", "no_bet"), ("refused", "bet_refused")]
    assert (ran.status, ran.document["extra"]) == (1, 2)
    before = ("--since", "2020-01-01", "--until", "2020-01-02")
    assert reconcile(line, arguments=before).status == 0
    # An empty list says nothing of whose it is: of the provider that is configured, or named.
    assert reconcile(arguments=WHOLE).document["extra"] == 3
    assert reconcile(arguments=(*WHOLE, "--provider", "another")).document["extra"] == 1


@pytest.mark.usefixtures("bets")
def test_a_reference_that_is_there_twice_is_told_and_is_no_difference(
    reconcile: Reconcile,
) -> None:
    ran = reconcile(
        {"reference": "refused"},
        {"reference": "reversed"},
        {"reference": "reversed", "providerId": PROVIDER.lower()},
    )

    (row,) = ran.document["rows"]
    assert (row["kind"], row["reference"], row["first_line"], row["times"]) == (
        "repeated",
        "reversed",
        2,
        2,
    )
    assert (ran.status, ran.document["repeated"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--since", "2027-01-01"), "--until"),
        (("--until", "2027-01-01"), "--since"),
        (("--since", "2027-01-02", "--until", "2027-01-01"), "--until"),
        (("--since", "soon", "--until", "2027-01-01"), "--since"),
        (("--format", "xml"), "--format"),
    ],
)
def test_a_wrong_option_is_named(
    reconcile: Reconcile, arguments: tuple[str, ...], named: str
) -> None:
    ran = reconcile({"reference": "r"}, arguments=arguments)
    assert (ran.status, ran.out) == (2, "")
    assert f"'{named}'" in ran.err


def test_a_login_that_may_make_no_temporary_table_is_told_so(
    reconcile: Reconcile, engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_url(database_url).database
    with engine.connect() as connection:
        connection.execute(text(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC'))
        connection.commit()
        monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.CONSOLE, database_url))

        ran = reconcile({"reference": "r"})

        connection.execute(text(f'GRANT TEMPORARY ON DATABASE "{database}" TO PUBLIC'))
        connection.commit()
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("unbet: the database refused: permission denied to create temporary")


@pytest.mark.usefixtures("bets")
def test_a_person_sees_the_first_of_each_kind_and_how_many_there_are(
    unbet: Unbet, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    references = [f"unknown-{number}" for number in range(5)]
    file.write_text("\n".join(["reference", *references, "settled"]))

    ran = unbet("reconcile", file, "--limit", 3)

    assert ran.status == 1
    assert "6 lines: 5 missing, 1 differing, 0 extra, 0 repeated." in ran.out
    assert "unknown-2" in ran.out
    assert "unknown-3" not in ran.out
    assert "3 of 5" in ran.out
    assert "settled" in ran.out
    assert "currency" not in ran.out.split("Differing")[0]
