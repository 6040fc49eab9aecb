"""What the console's pages show of the ledger."""

import re
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError

from tests.making import Operator, batch_of, cancel_of
from tests.waiting import until
from unbet.broker import redis_server
from unbet.broker.wallet_notices import notices
from unbet.console.app import read_only
from unbet.database.deployment import current
from unbet.journal.parking import set_aside
from unbet.runtime.endpoints import read_endpoints
from unbet.runtime.settings import Settings
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.chosen import wallets_for
from unbet.wallets.notice import notice_of

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def cancelled(operator: Operator) -> None:
    operator.deposit("100.00")
    operator.bet("r1", "12.50")
    operator.cancel(cancel_of("r1", uuid="u1"))


@pytest.mark.usefixtures("cancelled")
def test_what_one_reference_is_found_by_leads_to_its_history(anna: httpx.Client) -> None:
    for words in ("r1", "alice", "u1", "  r1 "):
        page = anna.get("/search", params={"words": words}, follow_redirects=True)
        assert page.url.path == "/explain", words
        assert "Cancelled once: 12.50 EUR returned to cash" in page.text
        assert page.text.index("Bet placed: 12.50 EUR") < page.text.index("Returned: 12.50 EUR")
        assert "+12.50 EUR" in page.text
        assert "100.00 EUR" in page.text


def test_a_request_for_several_bets_shows_the_others_with_their_outcomes(
    anna: httpx.Client, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "1.00")
    batch = batch_of("r1", HOSTILE, "waits", user_id=None, currency=None)
    operator.cancel(*batch[:2])
    with operator.engine.begin() as connection:
        set_aside(connection, batch[2:], reason="locked", error="", counts=False)
    page = anna.get("/explain", params={"reference": "r1"})
    assert "Asked for by the same request" in page.text
    assert "one request asked for 3 bets at once" in page.text
    assert "reference=waits" in page.text
    assert "not decided, parked" in page.text
    assert HOSTILE not in page.text
    # A tombstone that names no player, and the list of what is parked.
    tombstone = anna.get("/explain", params={"reference": HOSTILE})
    assert "No such bet" in tombstone.text
    assert "None" not in tombstone.text
    assert "one of several bets of a request" in anna.get("/parked").text
    found = anna.get("/search", params={"words": "0" * 32})
    assert "None" not in found.text


def test_a_withdrawal_has_its_history_as_well(anna: httpx.Client, operator: Operator) -> None:
    operator.deposit("100.00")
    operator.withdraw("w1", "40.00")
    operator.release("w1")
    operator.correct("c1", "1.00", reason=HOSTILE, user_id="bob")
    for words in ("w1", "alice"):
        page = anna.get("/search", params={"words": words}, follow_redirects=True)
        assert page.url.path == "/explain", words
        assert "Withdrawal of 40.00 EUR, held on" in page.text
        held, released = map(page.text.index, ("Withdrawal held: ", "Withdrawal released: "))
        assert held < released
        assert "+40.00 EUR" in page.text
    page = anna.get("/explain", params={"reference": "c1"})
    assert page.status_code == 200
    assert "&lt;script&gt;" in page.text
    assert HOSTILE not in page.text


def test_a_reference_that_begins_and_ends_with_a_blank_is_found(
    anna: httpx.Client, operator: Operator
) -> None:
    operator.deposit("1.00")
    operator.bet(" r1 ", "1.00")
    page = anna.get("/search", params={"words": " r1 "}, follow_redirects=True)
    assert page.url.params["reference"] == " r1 "
    assert "Bet placed: 1.00 EUR" in page.text


@pytest.mark.usefixtures("cancelled")
def test_several_references_are_listed(anna: httpx.Client, operator: Operator) -> None:
    operator.bet("r2", "1.00")
    page = anna.get("/search", params={"words": "alice"})
    assert page.status_code == 200
    assert "2 references" in page.text
    assert "/explain?reference=r2&amp;provider=LuckyMonaco" in page.text


def test_what_is_not_known_is_said_not_to_be(anna: httpx.Client) -> None:
    assert "Nothing is known" in anna.get("/search", params={"words": "r9"}).text
    assert anna.get("/explain", params={"reference": "r9"}).status_code == 404
    assert anna.get("/explain", params={"reference": "r\0"}).status_code == 404
    for words in ("r\0", " ", ""):
        assert anna.get("/search", params={"words": words}).status_code == 200


def test_what_a_provider_or_a_casino_wrote_is_text_and_nothing_else(
    anna: httpx.Client, engine: Engine
) -> None:
    player = "\"><img src=x onerror='alert(2)'>"
    cancels = [cancel_of(r, user_id=player, uuid=HOSTILE) for r in (HOSTILE, f"{HOSTILE}2")]
    with engine.begin() as connection:
        set_aside(connection, cancels, reason="content", error=HOSTILE, dead=True)
    shown = [
        anna.get("/search", params={"words": player}),
        anna.get("/search", params={"words": HOSTILE}, follow_redirects=True),
        anna.get("/explain", params={"reference": HOSTILE}),
        anna.get("/search", params={"words": f"{HOSTILE}{player}"}),
        anna.get("/parked"),
    ]
    for page in shown:
        assert "&lt;script&gt;" in page.text
        assert "<script>" not in page.text
        assert "<img src=x" not in page.text


def test_characters_that_turn_what_stands_beside_them_are_shown_as_what_they_are(
    anna: httpx.Client, engine: Engine
) -> None:
    with engine.begin() as connection:
        set_aside(connection, [cancel_of("r\u202e1")], reason="content", error="", dead=True)
    page = anna.get("/parked").text
    assert "\u202e" not in page
    assert "r\\u202e1" in page


def test_parked_dead_and_closed_cancels_have_a_page_each_with_their_stakes(
    anna: httpx.Client, engine: Engine, operator: Operator
) -> None:
    with engine.begin() as connection:
        set_aside(connection, [cancel_of("waits")], reason="locked", error="a lock")
        set_aside(connection, [cancel_of("dies")], reason="content", error="an error", dead=True)
        set_aside(connection, [cancel_of("ended")], reason="content", error="", dead=True)
        connection.execute(
            text("UPDATE unbet.parked SET state = 'closed' WHERE reference = 'ended'")
        )
    operator.deposit("12.50")
    operator.bet("waits", "12.50")
    assert "12.50 EUR" in anna.get("/parked", params={"state": "parked"}).text
    for state, reference in (("parked", "waits"), ("dead", "dies"), ("closed", "ended")):
        page = anna.get("/parked", params={"state": state}).text
        assert [name in page for name in ("waits", "dies", "ended")] == [
            name == reference for name in ("waits", "dies", "ended")
        ]
    assert "an error" in anna.get("/parked").text


@pytest.mark.usefixtures("cancelled")
def test_the_players_session_and_the_body_are_on_no_page(anna: httpx.Client) -> None:
    page = anna.get("/explain", params={"reference": "r1"}).text
    assert "session-1" not in page
    assert "as&#34;: &#34;sent" not in page


def test_what_reads_cannot_write(engine: Engine) -> None:
    with (
        pytest.raises(InternalError, match="read-only transaction"),
        read_only(engine).begin() as connection,
    ):
        connection.execute(text("DELETE FROM unbet.parked"))


def test_a_balance_is_shown_to_its_last_digit(anna: httpx.Client, operator: Operator) -> None:
    operator.deposit("1000000.000000000000000001")
    operator.bet("r1", "0.000000000000000001")
    assert operator.balance().cash == Decimal(1000000)
    page = anna.get("/explain", params={"reference": "r1"}).text
    assert "-0.000000000000000001 EUR" in page
    assert "1000000.00 EUR" in page


def test_which_wallet_a_provider_has_and_what_it_promises_is_on_the_first_page(
    anna: httpx.Client, console_settings: Settings, engine: Engine
) -> None:
    assert "Wallets, and the promises" not in anna.get("/").text, "no worker has told yet"
    endpoints = read_endpoints({"0" * 16: {"provider": "Other", "wallet": "sql"}})
    choice = WalletChoice("ledger", endpoints.values())
    notice = notice_of(choice, wallets_for(choice, engine, hold_unknown=False))
    with engine.connect() as connection:
        deployment = current(connection)
    with redis_server.connect(console_settings.broker_url) as client:
        notices(client, deployment, notice.model_dump_json())

    def row() -> re.Match[str] | None:
        return re.search(r"<tr>\s*<th[^>]*>Other</th>\s*<td>sql</td>(.*?)</tr>", page(), re.DOTALL)

    def page() -> str:
        return anna.get("/").text

    until(row, "the wallet is not shown")
    found = row()
    assert found
    assert "P1: A bet is reversed at most once, for ever." in found[1]
    assert "all others" in page()
