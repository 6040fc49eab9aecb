"""`unbet audit` of a wallet that is not the ledger: the journal is held against what it says."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.ops.conftest import Ran, Unbet
from tests.ops.conftest import unbet as unbet
from tests.wallets.contract import Casino, decide, outcomes
from tests.wallets.service import NOWHERE, REFUNDS, SECRET, Service, wallet_at
from tests.wallets.sql_casino import SqlCasino
from unbet.core.outcomes import Outcome
from unbet.runtime import environment
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.sql.wallet import SqlWallet

JOURNAL = text("SELECT xmin::text, requests::text FROM unbet.requests ORDER BY request_id")


class TestOfAService(Service):
    @pytest.fixture
    def wallet(self, port: int, worker_engine: Engine) -> Iterator[Wallet]:
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            yield RecordedWallet(worker_engine, wallet, "http")

    @pytest.fixture
    def decided(self, wallet: Wallet, casino: Casino) -> None:
        """Five decisions, one of which binds nobody."""
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        casino.bet("r2", "1.00")
        casino.settle("r2", "3.00")
        first = [cancel_of("r1", user_id="mallory"), cancel_of("r1"), cancel_of("r2")]
        assert len(decide(wallet, *first)) == 3
        assert outcomes(wallet, cancel_of("r1"), cancel_of("r3")) == [
            Outcome.REVERSED,
            Outcome.NO_BET,
        ]

    @pytest.fixture
    def audit(
        self, unbet: Unbet, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Callable[..., Ran]]:
        monkeypatch.setenv("UNBET_WALLET", "http")
        monkeypatch.setenv("UNBET_WALLET_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("UNBET_WALLET_SECRETS", SECRET)
        monkeypatch.setenv("UNBET_WALLET_CLOSES_UNKNOWN", "true")

        def run(*options: str) -> Ran:
            environment._read.cache_clear()  # as in a process of its own
            return unbet("audit", "--per-second", "1000", *options)

        yield run
        environment._read.cache_clear()

    @pytest.mark.usefixtures("decided")
    def test_a_wallet_that_says_what_the_journal_has_holds_and_nothing_is_changed(
        self, audit: Callable[..., Ran], casino: Casino, engine: Engine, casino_engine: Engine
    ) -> None:
        before = _journal(engine), casino.money()
        ran = audit("--json")
        document = ran.document
        assert (ran.status, document.pop("after") is not None) == (0, True)
        assert document == {
            "ok": True,
            "wallet": "http",
            "checked": {"requests": 5},
            "violations": [],
            "unanswered": {"count": 0, "rows": []},
            "not_asked": ["batch_refused", "closed"],
            "complete": True,
            "stopped": None,
        }
        assert "Everything holds, as far as it was asked." in audit().out
        assert (_journal(engine), casino.money()) == before
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1

    @pytest.mark.usefixtures("decided")
    @pytest.mark.parametrize(
        ("tampering", "check", "references"),
        [
            ("UPDATE casino.bets SET outcome = 'settled' WHERE outcome = 'reversed'", "outcome",
             ["r1", "r1"]),
            ("DELETE FROM casino.bets WHERE reference = 'r2'", "outcome", ["r2"]),
            ("UPDATE casino.bets SET outcome = NULL WHERE reference = 'r2'", "decided_anew",
             ["r2"]),
        ],
    )  # fmt: skip
    def test_a_wallet_whose_rows_somebody_has_changed_is_found_out(
        self,
        audit: Callable[..., Ran],
        casino_engine: Engine,
        tampering: str,
        check: str,
        references: list[str],
    ) -> None:
        with casino_engine.begin() as connection:
            connection.execute(text(tampering))
        ran = audit("--json")
        assert (ran.status, ran.document["ok"]) == (1, False)
        (violation,) = ran.document["violations"]
        assert (violation["check"], violation["count"]) == (check, len(references))
        assert [row["reference"] for row in violation["rows"]] == references
        # A wallet that has decided anew remembers that from then on.
        assert check == "decided_anew" or "Does not hold (outcome)" in audit().out

    @pytest.mark.usefixtures("decided")
    def test_it_goes_on_where_it_has_ended(self, audit: Callable[..., Ran]) -> None:
        first = audit("--limit", "2", "--json").document
        assert (first["checked"], first["complete"]) == ({"requests": 2}, False)
        shown = audit("--limit", "2").out
        assert f"To go on: unbet audit --wallet http --after {first['after']}" in shown
        rest = audit("--after", first["after"], "--json").document
        assert (rest["checked"], rest["complete"]) == ({"requests": 3}, True)
        assert audit("--after", rest["after"], "--json").document["checked"] == {"requests": 0}
        # A period begins with the cancels that were received in it.
        later = audit("--since", "2100-01-01", "--json").document
        assert (later["checked"], later["complete"]) == ({"requests": 0}, True)
        assert audit("--since", "2020-01-01", "--json").document["checked"] == {"requests": 5}

    @pytest.mark.usefixtures("decided")
    def test_a_wallet_that_is_away_is_no_success(
        self, audit: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = audit("--limit", "1", "--json").document
        monkeypatch.setenv("UNBET_WALLET_URL", NOWHERE)
        ran = audit("--after", first["after"], "--json")
        document = ran.document
        assert (ran.status, document["ok"], document["complete"]) == (1, False, False)
        assert document["stopped"] == "the wallet http does not answer"
        assert document["unanswered"]["count"] == 3
        assert document["unanswered"]["rows"][0]["why"] == "away"
        assert document["after"] == first["after"]
        assert "Everything holds" not in audit().out

    @pytest.mark.usefixtures("decided")
    def test_a_wallet_that_forgets_is_not_asked(
        self, audit: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for seconds in ("60", "0"):
            monkeypatch.setenv("UNBET_WALLET_REMEMBERS_S", seconds)
            ran = audit("--json")
            assert (ran.status, ran.out) == (2, "")
            assert "does not remember for ever what it has decided" in ran.err

    @pytest.mark.usefixtures("decided")
    def test_of_a_wallet_that_does_not_close_unknown_bets_they_are_not_asked_about(
        self, audit: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, casino_engine: Engine
    ) -> None:
        monkeypatch.setenv("UNBET_WALLET_CLOSES_UNKNOWN", "false")
        with casino_engine.begin() as connection:
            connection.execute(text("DELETE FROM casino.bets WHERE reference = 'r3'"))
        document = audit("--json").document
        assert (document["ok"], document["checked"]) == (True, {"requests": 4})
        assert document["not_asked"] == ["batch_refused", "closed", "no_bet"]

    def test_another_wallet_is_named(
        self, audit: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert audit("--wallet", "sql").status == 2
        monkeypatch.setenv("UNBET_WALLET", "ledger")
        monkeypatch.setenv(
            "UNBET_ENDPOINTS",
            '{"a-secret-for-tests-only": {"provider": "Another", "wallet": "http"}}',
        )
        ran = audit("--json")
        assert ran.document["checked"]["bets"] == 0
        assert "--wallet names another one: http" in ran.err
        assert audit("--wallet", "http", "--json").document["wallet"] == "http"


class TestOfAFunction:
    @pytest.fixture
    def audit(
        self, unbet: Unbet, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., Ran]:
        """With a login that may read the journal and call the function."""
        monkeypatch.setenv("UNBET_WALLET", "sql")
        monkeypatch.setenv("UNBET_DATABASE_URL", database_url)
        return lambda *options: unbet("audit", *options, "--json")

    def test_the_function_is_called_again_and_rolled_back(
        self,
        audit: Callable[..., Ran],
        sql_casino: SqlCasino,
        sql_wallet: SqlWallet,
        engine: Engine,
    ) -> None:
        sql_casino.deposit("10.00")
        sql_casino.bet("r1", "4.00")
        decide(sql_wallet, cancel_of("r1"), cancel_of("r2"), cancel_of("r1", user_id="mallory"))
        assert audit().document["checked"] == {"requests": 3}

        with engine.begin() as connection:
            connection.execute(
                text("UPDATE transactions SET cancel_outcome = NULL, status = 'placed' "
                     "WHERE reference = 'r1'")
            )  # fmt: skip
            connection.execute(
                text("UPDATE transactions SET cancel_outcome = 'settled' WHERE reference = 'r2'")
            )
        before = _journal(engine)
        ran = audit()
        assert ran.status == 1
        found = [(one["check"], one["count"]) for one in ran.document["violations"]]
        assert found == [("outcome", 1), ("decided_anew", 1)]
        # What the function has done to find that out is rolled back.
        assert sql_casino.money()[0] == Decimal(10)
        assert _journal(engine) == before

    def test_a_login_that_may_not_call_it_is_told_so(
        self, unbet: Unbet, monkeypatch: pytest.MonkeyPatch, sql_casino: SqlCasino
    ) -> None:
        del sql_casino  # is there
        monkeypatch.setenv("UNBET_WALLET", "sql")
        ran = unbet("audit")
        assert (ran.status, ran.out) == (1, "")
        assert "this login may not call unbet_cancel" in ran.err


def _journal(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [*connection.execute(JOURNAL)]
