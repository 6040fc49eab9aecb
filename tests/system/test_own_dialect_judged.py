"""Both sides of a dialect of another package, one judged by the other: the example's receiver keeps
every rule, and receivers that are wrong on purpose are found."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.own_dialects import install
from tests.system.processes import ROOT, System

ACCESS = "the-token-of-playngo"
TRUSTING = "any_token_is_right"
FINAL = "temporary_is_final"

FOUND_BY = {
    "repeated_is_an_error": {
        "the same cancel again is answered the same",
        "another cancel of the bet is answered the same",
    },
    TRUSTING: {
        "an unsigned cancel is refused",
        "a wrong signature is refused",
        "another key's signature is refused",
    },
    "other_player_is_done": {"another player's cancel binds nobody"},
    "settled_is_done": {"a settled bet gives nothing back", "a win is never reversed"},
    "malformed_is_done": {
        "a cancel without a reference is refused",
        "only the dialect's form is a cancel",
    },
    "without_our_name": {"success has the dialect's form"},
    "answers_in_json": {"a placed bet is given back", "success has the dialect's form"},
}
"""The rules that such a receiver breaks, among others."""


@dataclass
class Judge:
    """Endpoints of the example's dialect and of what is made wrong of it, on one receiver."""

    system: System
    key: Path

    def says(self, dialect: str, *command: str) -> dict[str, Any]:
        """What a command tells of the endpoint that speaks that dialect."""
        url = f"{self.system.http.base_url}/{secret_of(dialect)}"
        options = ("--dialect", "playngo", "--key", f"file:{self.key}", "--json")
        ended = self.system.unbet(*command, url, *options)
        assert ended.stdout, ended.stderr
        document: dict[str, Any] = json.loads(ended.stdout)
        assert ended.returncode == (0 if document["ok"] else 1), ended.stderr
        return document

    def broken(self, dialect: str) -> dict[str, list[str]]:
        """The rules that the kit finds broken, and how."""
        rules = self.says(dialect, "conformance")["rules"]
        return {each["rule"]: each["faults"] for each in rules if each["verdict"] == "broken"}


def secret_of(dialect: str) -> str:
    return f"the-secret-of-{dialect}"


@pytest.fixture
def judge(idle_system: System, tmp_path: Path) -> Judge:
    installed, key = tmp_path / "installed", tmp_path / "key"
    installed.mkdir()
    key.write_text(ACCESS)
    wrong = {dialect: f"tests.wrong_playngo:{dialect}" for dialect in (*FOUND_BY, FINAL)}
    receivers = {"playngo": "own_dialect.playngo:PLAYNGO"} | wrong
    path = install(installed, receivers, {"playngo": "own_dialect.playngo_provider:PLAYNGO"})
    endpoints = {
        secret_of(dialect): {"provider": "LuckyMonaco", "dialect": dialect}
        | ({} if dialect == TRUSTING else {"keys": [{"file": str(key)}]})
        for dialect in receivers
    }
    idle_system.environment |= {
        "PYTHONPATH": f"{path}:{ROOT}",
        "UNBET_ALLOWED_IPS": "127.0.0.1/32",
        "UNBET_ENDPOINTS": json.dumps(endpoints),
    }
    return Judge(idle_system, key)


@pytest.mark.long
def test_the_example_keeps_every_rule_and_is_what_its_provider_expects(judge: Judge) -> None:
    judge.system.start_both()

    report = judge.says("playngo", "conformance", "--refused-from", "127.0.0.2")

    kept = {each["rule"] for each in report["rules"] if each["verdict"] == "kept"}
    others = {each["rule"] for each in report["rules"]} - kept
    assert others == {"the second key is good as well"}, report
    assert set().union(*FOUND_BY.values()) <= kept
    assert {each["from"] for each in report["rules"]} >= {"PROVIDERS, Play'n GO"}
    assert judge.says("playngo", "provider", "play", "--cancels", "60")["unexpected"] == []


@pytest.mark.long
def test_a_receiver_that_is_wrong_is_found_by_the_rules_it_breaks(judge: Judge) -> None:
    judge.system.start_both()

    missed = {dialect: rules - judge.broken(dialect).keys() for dialect, rules in FOUND_BY.items()}

    assert not any(missed.values()), missed


@pytest.mark.long
def test_a_temporary_answer_that_ends_the_matter_is_found_while_there_is_no_worker(
    judge: Judge,
) -> None:
    judge.system.start_receiver()

    right, wrong = (
        judge.says(dialect, "provider", "play", "--cancels", "5", "--seed", "1")
        for dialect in ("playngo", FINAL)
    )

    cancels = right["total"]["cancels"]
    assert right["total"]["answers"] == {"HTTP 503": 3 * cancels}
    assert (wrong["total"]["answers"], wrong["total"]["retransmitted"]) == ({"12": cancels}, 0)
    assert any("try 1: 12 (statusCode 12), expected 0" in line for line in wrong["unexpected"])
