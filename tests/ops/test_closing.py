"""Every command tells a closed cancel as one that a person has closed."""

from pathlib import Path

import pytest

from tests.making import PROVIDER, Operator, cancel_of
from tests.ops.conftest import WHOLE, Unbet
from unbet.core.message import Cancel
from unbet.journal.parking import park
from unbet.wallets.ledger.interventions import close_parked


@pytest.fixture
def closed(operator: Operator) -> Cancel:
    """Of a bet of 4.00 that stands."""
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    cancel = cancel_of("r1")
    with operator.engine.begin() as connection:
        park(connection, [cancel], reason="locked")
        close_parked(connection, cancel.request_id, made_by="ann", reason="ticket 4711")
    operator.cancel(cancel_of("r1", uuid="again"))
    return cancel


@pytest.mark.usefixtures("closed")
def test_a_closed_cancel_is_listed_with_its_stake_and_what_its_bet_is_told(unbet: Unbet) -> None:
    (listed,) = unbet("parked", "list", "--closed", "--json").document["cancels"]
    assert (listed["outcome"], listed["amount"], listed["currency"]) == ("closed", "4.00", "EUR")
    assert "4.00" in unbet("parked", "list", "--closed").out


@pytest.mark.usefixtures("closed")
def test_a_closed_cancel_is_explained_by_who_closed_it_and_why(unbet: Unbet) -> None:
    (history,) = unbet("explain", "r1", "--json").document["stories"]
    assert history["verdict"].startswith("Closed by ann on ")
    assert history["verdict"].endswith(
        "(ticket 4711): nothing was returned, the bet of 4.00 EUR stands, not settled; 1 further "
        "cancel decided the same."
    )


@pytest.mark.usefixtures("closed")
def test_a_closed_cancel_is_exported_as_one_that_returned_nothing(unbet: Unbet) -> None:
    (line,) = unbet("export", *WHOLE, "--format", "jsonl").lines
    assert (line["outcome"], line["state"], line["returned_cash"]) == ("closed", "placed", "0.00")


@pytest.mark.usefixtures("closed")
def test_a_closed_cancel_is_what_a_provider_was_told_120_of_and_not_a_cancelled_bet(
    unbet: Unbet, tmp_path: Path
) -> None:
    statement = tmp_path / "statement.csv"
    statement.write_text("reference,code\nr1,120\n")
    assert unbet("reconcile", statement, "--provider", PROVIDER, "--json").document["ok"]
    statement.write_text("reference\nr1\n")
    (row,) = unbet("reconcile", statement, "--provider", PROVIDER, "--json").document["rows"]
    assert (row["kind"], row["reason"], row["our_outcome"]) == ("differing", "closed", "closed")


def test_closing_what_was_decided_meanwhile_changes_nothing_and_says_so(
    unbet: Unbet, operator: Operator
) -> None:
    cancel = cancel_of("r1")
    operator.cancel(cancel)
    ran = unbet("parked", "close", cancel.request_id, "--reason", "ticket 4711")
    assert (ran.status, ran.out) == (1, "Not closed: it was decided meanwhile (no bet).\n")
    document = unbet("parked", "close", cancel.request_id, "--reason", "x", "--json").document
    assert document == {"closed": 0, "outcome": "no_bet"}
