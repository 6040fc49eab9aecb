"""`unbet export`: the outcomes of a period, exact and as a stream."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from tests.making import PROVIDER, Operator, batch_of, cancel_of
from tests.ops.conftest import WHOLE, Unbet
from unbet.cli.spreadsheets import protect, unprotect
from unbet.journal import exporting

FORMULAS: Final = (
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\ta",
    "\n=1",
    "\r=1",
    "a\r=1",
    "'=1",
    "'a",
    "''",
    "a=b",
)


@pytest.fixture
def one_of_each(operator: Operator) -> None:
    """A bet of cash and bonus that is reversed, one that is settled, one that never came; and one
    that stands."""
    operator.deposit("10.00")
    operator.deposit("5.00", bonus=True)
    operator.bet("reversed", "12.5")
    operator.cancel(cancel_of("reversed", uuid="u1"))
    operator.bet("settled", "1.000000000000000001")
    operator.settle("settled", "0")
    operator.cancel(cancel_of("settled", uuid="u2"))
    operator.cancel(cancel_of("never-came", user_id="bob", currency="USD", uuid="u3"))
    operator.bet("placed", "1")


def rows_of(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def exported(unbet: Unbet, *arguments: object) -> list[Any]:
    ran = unbet("export", *arguments, "--format", "jsonl")
    assert ran.status == 0, ran.err
    return ran.lines


@pytest.mark.usefixtures("one_of_each")
def test_each_outcome_of_the_period_is_a_line_in_the_order_of_time(unbet: Unbet) -> None:
    lines = exported(unbet, *WHOLE)

    assert [line["reference"] for line in lines] == ["reversed", "settled", "never-came"]
    reversed_, settled, tombstone = lines
    moments = [datetime.fromisoformat(line["cancelled_at"]) for line in lines]
    assert moments == sorted(moments)
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)
    assert reversed_.pop("cancelled_at")
    assert reversed_.pop("request_id")
    assert isinstance(reversed_.pop("reversal_id"), int)
    assert reversed_ == {
        "provider": PROVIDER,
        "reference": "reversed",
        "user": "alice",
        "currency": "EUR",
        "stake": "12.50",
        "state": "reversed",
        "outcome": "reversed",
        "returned_cash": "10.00",
        "returned_bonus": "2.50",
        "uuid": "u1",
        "wallet": "ledger",
        "wallet_ref": None,
        "cash": "10.00",
        "replayed": None,
        "found_late": None,
        "batch": None,
    }
    assert (settled["stake"], settled["outcome"]) == ("1.000000000000000001", "settled")
    assert (settled["returned_cash"], settled["reversal_id"]) == ("0.00", None)
    assert (tombstone["stake"], tombstone["state"], tombstone["user"]) == (None, "tombstone", "bob")


def test_what_a_cancel_did_not_say_is_empty_and_those_of_one_request_share_its_batch(
    unbet: Unbet, operator: Operator
) -> None:
    batch = batch_of("r1", "r2", user_id=None, currency=None)
    operator.cancel(*batch)
    lines = exported(unbet, *WHOLE)
    assert {line["reference"]: line["batch"] for line in lines} == dict.fromkeys(
        ("r1", "r2"), str(batch[0].batch)
    )
    assert [(line["user"], line["currency"]) for line in lines] == [(None, None)] * 2
    assert [row["user"] for row in rows_of(unbet("export", *WHOLE).out)] == ["", ""]


@pytest.mark.usefixtures("one_of_each")
def test_csv_says_the_same_as_json_lines(unbet: Unbet) -> None:
    as_csv = rows_of(unbet("export", *WHOLE).out)

    assert as_csv == [
        {name: "" if value is None else str(value) for name, value in line.items()}
        for line in exported(unbet, *WHOLE)
    ]


@pytest.mark.usefixtures("one_of_each")
def test_the_period_has_its_beginning_and_not_its_end(unbet: Unbet) -> None:
    first, second, third = (line["cancelled_at"] for line in exported(unbet, *WHOLE))

    def references(since: str, until: str) -> list[str]:
        return [line["reference"] for line in exported(unbet, "--since", since, "--until", until)]

    assert references(first, second) == ["reversed"]
    assert references(second, third) == ["settled"]
    zoned = datetime.fromisoformat(third).astimezone(tz=None).isoformat()
    assert references(zoned, "2100-01-01T00:00:00+14:00") == ["never-came"]


def test_only_one_provider_is_exported_if_one_asks_for_it(unbet: Unbet, operator: Operator) -> None:
    operator.cancel(cancel_of("r1"), cancel_of("r1", provider="Another"))

    (line,) = exported(unbet, *WHOLE, "--provider", "Another")
    assert (line["provider"], line["reference"]) == ("Another", "r1")
    assert len(exported(unbet, *WHOLE)) == 2


def test_a_spreadsheet_finds_no_formula_and_json_lines_are_as_they_are(
    unbet: Unbet, operator: Operator
) -> None:
    operator.cancel(*(cancel_of(reference) for reference in FORMULAS))

    cells = [row["reference"] for row in rows_of(unbet("export", *WHOLE).out)]
    lines = [line["reference"] for line in exported(unbet, *WHOLE)]

    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
    assert sorted(lines) == sorted(FORMULAS)
    assert sorted(map(unprotect, cells)) == sorted(FORMULAS)
    assert [unprotect(protect(cell)) for cell in FORMULAS] == [*FORMULAS]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_lines_end_in_a_cell_begins_no_row(unbet: Unbet, operator: Operator, end: str) -> None:
    operator.cancel(cancel_of(f"a{end}=1+1"))

    out = unbet("export", *WHOLE).out

    # `newline=None`: for this reader each of them ends a line.
    header, row = csv.reader(io.StringIO(out, newline=None))
    assert row[header.index("reference")] == "a\n=1+1"


@pytest.mark.parametrize(
    ("since", "until", "named"),
    [
        ("yesterday", "2027-01-01", "--since"),
        ("2027-01-01", "2027-02-30", "--until"),
        ("2027-01-02", "2027-01-02", "--until"),
        ("0001-01-01T00:00:00+14:00", "2027-01-01", "--since"),
    ],
)
def test_a_wrong_moment_names_its_option(unbet: Unbet, since: str, until: str, named: str) -> None:
    ran = unbet("export", "--since", since, "--until", until)

    assert (ran.status, ran.out) == (2, "")
    assert f"'{named}'" in ran.err


def test_it_is_read_through_a_cursor_a_piece_at_a_time(
    engine: Engine, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 3)
    operator.cancel(*(cancel_of(f"r{number}") for number in range(10)))
    with engine.connect() as connection:
        rows = exporting.export(
            connection, datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        )
        first = next(rows)
        assert connection.execute(text("SELECT count(*) FROM pg_cursors")).scalar() == 1
        assert [first.reference, *(row.reference for row in rows)] == [f"r{n}" for n in range(10)]
