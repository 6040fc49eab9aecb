"""`unbet wallet check` as it is run: green on every wallet of ours and on the examples, red where a
rule is broken, and one sentence where nothing could be tried."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from testbed.wallet.playing import RULES
from testbed.wallet.rules_proxy import RULES as PROXY_RULES
from tests.databases import url_as
from tests.making import PROVIDER
from tests.wallets.contract import Casino
from tests.wallets.defects import RefusesTheFrozen
from tests.wallets.service import SECRET, Service, serving
from tests.wallets.sql_casino import install
from unbet.database.roles import Role

ROOT = Path(__file__).parents[2]
REPEATS = "a repeat says that it is one"
JOURNAL = "the journal has what the wallet has decided"
OVER_HTTP = {rule.name for rule in PROXY_RULES}

# Of those that look alike, too.
REFERENCES = """
    SELECT count(*), count(*) FILTER (WHERE plain LIKE 'unbet-check-%')
      FROM (SELECT lower(normalize(replace(reference, '\u0435', 'e'), NFKC)) FROM unbet.requests)
           AS requests (plain)
"""


def command_of(*arguments: str) -> str:
    return shlex.join([sys.executable, *arguments])


HTTP_BETS = command_of("-m", "examples.wallet_http.check_bets")
SQL_BETS = command_of("-m", "examples.wallet_sql.check_bets")


def check(environment: Mapping[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    program = "from unbet.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "wallet", "check", "--races", "20", *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "UNBET_PROVIDER_ID": PROVIDER}
        | dict(environment),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def document_of(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert ended.stdout, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def all_kept_but(ended: "subprocess.CompletedProcess[str]", not_tried: set[str]) -> None:
    document = document_of(ended)
    by_verdict: dict[str, set[str]] = {}
    for rule in document["rules"]:
        by_verdict.setdefault(rule["verdict"], set()).add(rule["rule"])
    faults = [(rule["rule"], rule["faults"]) for rule in document["rules"] if rule["faults"]]
    assert faults == []
    assert by_verdict.get("not tried", set()) == not_tried
    assert (ended.returncode, ended.stderr, document["ok"]) == (0, "", True)
    assert document["kept"] == len(RULES) - len(not_tried)


def test_the_ledger_keeps_every_rule_and_its_journal_has_the_kits_references(
    database_url: str, engine: Engine
) -> None:
    all_kept_but(check({"UNBET_DATABASE_URL": database_url}, "--json"), {REPEATS} | OVER_HTTP)
    with engine.connect() as connection:
        every, ours = connection.execute(text(REFERENCES)).one()
        assert every == ours > 100
        assert connection.execute(text("SELECT count(*) FROM unbet.parked")).scalar() == 0


def test_a_function_in_postgresql_keeps_every_rule(database_url: str) -> None:
    install(database_url)
    casino = database_url.replace("postgresql://", "postgresql+psycopg://")
    environment = {"UNBET_DATABASE_URL": database_url, "CASINO_DATABASE_URL": casino}
    environment["UNBET_WALLET"] = "sql"
    all_kept_but(check(environment, "--json", "--command", SQL_BETS), OVER_HTTP)


class TestService(Service):
    @pytest.fixture
    def environment(self, database_url: str, casino_engine: Engine) -> dict[str, str]:
        return {
            "UNBET_DATABASE_URL": database_url,
            "CASINO_DATABASE_URL": casino_engine.url.render_as_string(hide_password=False),
            "UNBET_WALLET": "http",
            "UNBET_WALLET_SECRETS": SECRET,
            "UNBET_WALLET_CLOSES_UNKNOWN": "true",
            "UNBET_WALLET_CALL_LIMIT_S": "0.6",
        }

    @pytest.fixture
    def at(self, environment: dict[str, str]) -> Callable[[int], dict[str, str]]:
        """The environment for a service at a port."""
        return lambda port: environment | {"UNBET_WALLET_URL": f"http://127.0.0.1:{port}"}

    def test_a_wallet_service_keeps_every_rule_that_a_worker_can_see(
        self, at: Callable[[int], dict[str, str]], port: int, database_url: str
    ) -> None:
        worker = {"UNBET_DATABASE_URL": url_as(Role.WORKER, database_url)}
        all_kept_but(check(at(port) | worker, "--json", "--command", HTTP_BETS), {JOURNAL})

    def test_a_wallet_in_python_keeps_every_rule(self, environment: dict[str, str]) -> None:
        environment["UNBET_WALLET"] = "examples.wallet_python:make"
        all_kept_but(check(environment, "--json", "--command", HTTP_BETS), OVER_HTTP)

    def test_a_broken_rule_is_told_and_ends_with_1(
        self, at: Callable[[int], dict[str, str]], casino_engine: Engine
    ) -> None:
        with serving(RefusesTheFrozen(casino_engine)) as port:
            options = ("--command", HTTP_BETS, "--only", "frozen", "--only", "settled")
            ended = check(at(port), *options)
        assert (ended.returncode, ended.stderr) == (1, "")
        said = ended.stdout.splitlines()
        told = "a frozen player's cancel: bet_refused, expected reversed"
        assert f"a frozen player's stake is given back: {told}" in said
        assert said[-1] == "2 rules: 1 kept, 1 broken, 0 not tried."

    def test_the_wallet_is_that_of_the_providers_endpoint(
        self, environment: dict[str, str]
    ) -> None:
        endpoint = {"provider": "Other", "wallet": "ledger"}
        environment["UNBET_ENDPOINTS"] = json.dumps({"a" * 32: endpoint})
        ended = check(environment, "--provider", "Other", "--json", "--only", "frozen")
        document = document_of(ended)
        assert (document["wallet"], document["provider"], document["kept"]) == (
            "ledger",
            "Other",
            1,
        )

    def test_bets_of_a_file_are_used_and_what_needs_money_is_not_tried(
        self, at: Callable[[int], dict[str, str]], port: int, casino: Casino, tmp_path: Path
    ) -> None:
        casino.deposit("10.00")
        for reference in ("r1", "r2", "won"):
            casino.bet(reference, "1.00")
        casino.settle("won", "2.00")
        file = tmp_path / "bets.json"
        bets = {"user_id": "alice", "currency": "EUR", "placed": ["r1", "r2"], "settled": "won"}
        file.write_text(json.dumps(bets))
        document = document_of(check(at(port), "--json", "--bets", str(file)))
        kept = {rule["rule"] for rule in document["rules"] if rule["verdict"] == "kept"}
        missing = {rule["rule"]: rule["missing"] for rule in document["rules"]}
        assert document["broken"] == 0
        assert {"the same cancel again is told the same", "a settled bet stays settled"} <= kept
        assert missing["a late bet is refused"] == "it places bets, and looks at money"
        assert missing["cancels at once give back once"] == "the file names no further placed bet"
        assert casino.money()[0] == Decimal(11)

        ended = check(at(port), "--bets", str(file), "--only", "late bet")
        assert (ended.returncode, ended.stderr) == (3, "unbet: no rule could be tried.\n")

    @pytest.mark.parametrize(
        ("command", "problem"),
        [
            ("no-such-command", "'no-such-command' cannot be started: "),
            ("true", 'the command has ended with status 0 at {"do": "player"}.'),
            ("echo no", 'answered {"do": "player"} with no, which is no line of JSON.'),
            ('echo \'{"player": "a"}\'', "currency: Field required."),
            ('echo \'{"error": "no database"}\'', 'no database"}: it has failed.'),
        ],
    )
    def test_a_command_that_does_not_answer_is_one_sentence(
        self, command: str, problem: str, environment: dict[str, str]
    ) -> None:
        environment["UNBET_WALLET"] = "examples.wallet_python:make"
        ended = check(environment, "--command", command)
        assert (ended.returncode, ended.stdout) == (3, "")
        assert problem in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "your wallet's bets are needed: --command or --bets"),
        (("--races", "20001"), "less than or equal to 20000"),
        (("--only", "no such rule"), "no rule has that in its name"),
        (("--command", "a", "--bets", "pyproject.toml"), "two ways to the same"),
        (("--bets", "pyproject.toml"), "Invalid JSON"),
    ],
)
def test_wrong_usage_ends_with_2(options: tuple[str, ...], problem: str, database_url: str) -> None:
    wallet = {"UNBET_WALLET": "examples.wallet_python:make"}
    ended = check({"UNBET_DATABASE_URL": database_url} | wallet, *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert problem in ended.stderr


def test_without_a_database_nothing_is_tried() -> None:
    ended = check({"UNBET_DATABASE_URL": "postgresql://unbet@127.0.0.1:1/unbet"})
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "cannot be reached" in ended.stderr


def test_the_rules_are_shown() -> None:
    ended = check({}, "--rules")
    assert ended.returncode == 0
    assert all(rule.name in ended.stdout for rule in RULES)
