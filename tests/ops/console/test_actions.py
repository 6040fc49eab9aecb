"""What a person may change in the console, and that nobody else does it for them."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from tests.making import Operator, cancel_of
from tests.ops.console.conftest import token_of
from tests.ops.test_undecided import leave_no_tombstone
from unbet.journal.parking import set_aside


@pytest.fixture
def dead(engine: Engine) -> UUID:
    """The request of a cancel that waits for a person."""
    cancel = cancel_of("r1")
    with engine.begin() as connection:
        set_aside(connection, [cancel], reason="content", error="too much", dead=True)
    return cancel.request_id


def state_of(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT state FROM unbet.parked")).scalar_one())


def record(engine: Engine) -> list[tuple[str, str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT action, made_by, reason FROM unbet.interventions"))
        return [tuple(row) for row in rows]


def test_a_dead_cancel_is_tried_again_in_the_name_of_who_said_so(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(anna)}
    page = anna.post(f"/parked/{dead}/retry", data=form, follow_redirects=True)
    assert page.status_code == 200
    assert "again within a second or two" in page.text
    assert "Recorded by anna" in page.text
    assert state_of(engine) == "parked"
    assert record(engine) == [("retry", "anna", None)]


def test_a_cancel_is_closed_with_a_reason_in_the_name_of_who_said_so(
    bert: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(bert, "/explain?reference=r1"), "reason": "paid by hand, ticket 7"}
    page = bert.post(f"/parked/{dead}/close", data=form, follow_redirects=True)
    assert "is closed: paid by hand, ticket 7." in page.text
    assert "Recorded by bert" in page.text
    assert state_of(engine) == "closed"
    assert record(engine) == [("close", "bert", "paid by hand, ticket 7")]


def test_a_closed_cancel_is_reopened_with_a_reason_and_is_no_longer_listed_as_closed(
    bert: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(bert), "reason": "paid by hand, ticket 7"}
    page = bert.post(f"/parked/{dead}/close", data=form, follow_redirects=True)
    assert "Every cancel of its bet is told to stop" in page.text
    assert "Closed: nothing is returned" in bert.get("/parked?state=closed").text
    history = bert.get("/explain?reference=r1").text
    assert "Closed by bert on " in history
    assert f"/parked/{dead}/reopen" in history
    assert f"/parked/{dead}/retry" not in history
    form |= {"reason": "not paid after all"}
    page = bert.post(f"/parked/{dead}/reopen", data=form, follow_redirects=True)
    assert "is reopened: not paid after all." in page.text
    assert state_of(engine) == "parked"
    assert record(engine)[1:] == [("reopen", "bert", "not paid after all")]
    assert f"/parked/{dead}/reopen" not in bert.get("/parked?state=closed").text


def test_what_is_closed_or_reopened_already_is_said_with_who_did_it(
    anna: httpx.Client, bert: httpx.Client, engine: Engine, dead: UUID
) -> None:
    """As to somebody who got no page, the connection having been lost during the commit."""
    berts, annas = {"token": token_of(bert)}, {"token": token_of(anna)}
    for action in ("close", "reopen"):
        bert.post(f"/parked/{dead}/{action}", data=berts | {"reason": f"to {action}"})
        form = annas | {"reason": "the same"}
        page = anna.post(f"/parked/{dead}/{action}", data=form, follow_redirects=True)
        assert "Nothing changed" not in page.text
        assert f": to {action}." in page.text
        assert "Recorded by bert" in page.text
    assert record(engine) == [("close", "bert", "to close"), ("reopen", "bert", "to reopen")]


def test_a_cancel_whose_bet_somebody_holds_is_not_closed(
    anna: httpx.Client, engine: Engine, operator: Operator, dead: UUID
) -> None:
    operator.deposit("1.00")
    operator.bet("r1", "1.00")
    form = {"token": token_of(anna), "reason": "paid by hand"}
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM unbet_ledger.bets FOR UPDATE"))
        page = anna.post(f"/parked/{dead}/close", data=form)
    assert page.status_code == 409
    assert "Somebody else holds the cancel or its bet" in page.text
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_closing_what_was_decided_before_says_so(
    anna: httpx.Client, operator: Operator, dead: UUID
) -> None:
    operator.cancel(cancel_of("r1", uuid="another"))
    form = {"token": token_of(anna), "reason": "paid by hand"}
    page = anna.post(f"/parked/{dead}/close", data=form, follow_redirects=True)
    assert "Its bet had been decided before: no bet." in page.text
    assert "decided otherwise (no bet)" in anna.get("/parked?state=closed").text


def test_a_reason_that_is_none_closes_nothing(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    token = token_of(anna)
    for reason in ("", "   ", "x" * 501, "two\nlines"):
        page = anna.post(f"/parked/{dead}/close", data={"token": token, "reason": reason})
        assert page.status_code == 422, reason
        assert "the reason is" in page.text
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_a_form_without_a_token_of_the_console_changes_nothing(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    for token in ("", "0.", "1700000000.00", "nonsense", "\N{BULLET}.\N{BULLET}"):
        for action in ("retry", "close", "reopen"):
            form = {"token": token, "reason": "forged"}
            page = anna.post(f"/parked/{dead}/{action}", data=form)
            assert page.status_code == 403, (action, token)
            assert "Nothing changed" in page.text
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_a_token_of_another_login_changes_nothing(
    anna: httpx.Client, bert: httpx.Client, engine: Engine, dead: UUID
) -> None:
    page = anna.post(f"/parked/{dead}/retry", data={"token": token_of(bert)})
    assert page.status_code == 403
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_another_sites_page_changes_nothing_even_with_a_token(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(anna)}
    for said in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ):
        page = anna.post(f"/parked/{dead}/retry", data=form, headers=said)
        assert page.status_code == 403, said
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_the_consoles_own_page_is_known_behind_a_proxy_with_tls(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(anna)}
    said = {
        "host": "console.example",
        "origin": "https://console.example",
        "sec-fetch-site": "same-origin",
    }
    assert anna.post(f"/parked/{dead}/retry", data=form, headers=said).status_code == 303
    assert record(engine) == [("retry", "anna", None)]


def test_an_address_alone_changes_nothing(anna: httpx.Client, engine: Engine, dead: UUID) -> None:
    assert anna.get(f"/parked/{dead}/retry").status_code == 405
    assert (state_of(engine), record(engine)) == ("dead", [])


def test_a_cancel_that_is_gone_meanwhile_is_said_to_be(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    form = {"token": token_of(anna)}
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM unbet.parked"))
    page = anna.post(f"/parked/{dead}/retry", data=form, follow_redirects=True)
    assert "Nothing changed" in page.text
    assert record(engine) == []


def test_a_form_that_is_too_large_is_not_read(anna: httpx.Client, dead: UUID) -> None:
    form = {"token": token_of(anna), "reason": "x" * 20_000}
    assert anna.post(f"/parked/{dead}/close", data=form).status_code == 413


def test_a_closing_without_a_decision_changes_nothing_and_can_be_sent_again(
    anna: httpx.Client, engine: Engine, dead: UUID
) -> None:
    leave_no_tombstone(engine, 0)
    form = {"token": token_of(anna), "reason": "paid by hand"}
    page = anna.post(f"/parked/{dead}/close", data=form)
    assert page.status_code == 409
    assert "try again" in page.text
    assert (state_of(engine), record(engine)) == ("dead", [])
