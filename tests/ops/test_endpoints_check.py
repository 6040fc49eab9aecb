"""`unbet endpoints check`: what is wrong is said before a provider calls, and no secret is ever
shown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ops.conftest import Unbet
from tests.ops.endpoints import BGAMING, EVOLUTION, HUB88, SECRETS, Write, shows_no_secret, writer
from unbet.dialects import DIALECTS
from unbet.dialects.answers import AnswerContext


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    return writer(tmp_path, monkeypatch)


def test_endpoints_that_are_right_are_shown_with_their_secrets_hidden(
    unbet: Unbet, write: Write
) -> None:
    write(HUB88, BGAMING, EVOLUTION)
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.err) == (0, "")
    assert shows_no_secret(ran)
    for shown in ("/…/transaction/rollback", "RSA-SHA256 of the body", "settled: RS_OK", "2999-01"):
        assert shown in ran.out
    assert "no_bet" not in ran.out, "it is the dialect's own answer"

    ran = unbet("endpoints", "check", "--json")
    assert shows_no_secret(ran)
    document = ran.document
    assert (document["ok"], document["problems"]) == (True, [])
    assert document["endpoints"][1] == {
        "number": 2,
        "path": "/…/rollback",
        "provider": "BGaming",
        "dialect": "bgaming",
        "wallet": "ledger",
        "authentication": "HMAC-SHA256 of the body in the header X-REQUEST-SIGN",
        "secret": "env BGAMING_SECRET",
        "keys": ["env BGAMING_KEY"],
        "late_bet": "refuse",
        "answers": {},
        "until": "2999-01-01T00:00:00+00:00",
    }


def test_an_endpoint_that_demands_no_signature_is_shown_as_such(unbet: Unbet, write: Write) -> None:
    groove = {"secret": {"env": "HUB88_SECRET"}, "provider": "Groove", "dialect": "groove"}
    write(groove, groove | {"secret": {"env": "BGAMING_SECRET"}, "keys": [{"env": "BGAMING_KEY"}]})
    shown = unbet("endpoints", "check", "--json").document["endpoints"]
    signed = "HMAC-SHA256 of the query's sorted values in the header X-Groove-Signature"
    assert [one["authentication"] for one in shown] == ["the secret in the URL", signed]


def test_every_problem_is_told_on_a_line_of_its_own(
    unbet: Unbet, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hub88.pem").write_text(SECRETS["BGAMING_KEY"])
    monkeypatch.delenv("EVOLUTION_SECRET")
    monkeypatch.setenv("BGAMING_SECRET", "too short")
    keys = [{"file": "nowhere"}, {"env": "NOT_SET"}, {"env": "BGAMING_KEY"}]
    old = {"secret": {"env": "HUB88_SECRET"}, "provider": "Old", "until": "2020-01-01T00:00:00Z"}
    write(
        HUB88,
        BGAMING | {"wallet": "http"},
        EVOLUTION | {"keys": keys},
        old,
        {"secret": {"env": "HUB88_KEY"}, "provider": "P", "wallet": "leger"},
    )
    ran = unbet("endpoints", "check")
    assert ran.status == 1
    assert shows_no_secret(ran)
    assert [line for line in ran.out.splitlines() if line.startswith(("error", "warning"))] == [
        f"error: endpoint 1 (Hub88, hub88): keys: file {tmp_path}/hub88.pem: it is no RSA key in "
        "PEM",
        "error: endpoint 2 (BGaming, bgaming): secret: env BGAMING_SECRET: expected at least 16 "
        "characters out of A-Z a-z 0-9 - . _ ~",
        "warning: endpoint 2 (BGaming, bgaming): wallet: bgaming answers with the player's "
        "balance, and 'http' may tell none: it is to tell `cash` with each decision",
        "error: endpoint 3 (Evolution, evolution): secret: env EVOLUTION_SECRET: it is not set",
        f"error: endpoint 3 (Evolution, evolution): keys: file {tmp_path}/nowhere: No such file "
        "or directory",
        "error: endpoint 3 (Evolution, evolution): keys: env NOT_SET: it is not set",
        "error: endpoint 3 (Evolution, evolution): keys: env BGAMING_KEY: it is a key of endpoint "
        "2 as well: BGaming can sign what cancels Evolution's bets",
        "error: endpoint 4 (Old, lucky-monaco-v4): secret: it is that of endpoint 1",
        "warning: endpoint 4 (Old, lucky-monaco-v4): until: its secret has expired",
        "error: endpoint 5 (P, lucky-monaco-v4): secret: env HUB88_KEY: it is not set",
        "error: endpoint 5 (P, lucky-monaco-v4): wallet: 'leger' is none: it may be ledger, http, "
        "sql or package.module:factory",
    ]
    document = unbet("endpoints", "check", "--json").document
    assert document["ok"] is False
    assert document["problems"][-1] == {
        "endpoint": 5,
        "severity": "error",
        "problem": "wallet: 'leger' is none: it may be ledger, http, sql or package.module:factory",
    }


def test_a_public_key_that_two_providers_have_is_warned_of(
    unbet: Unbet, write: Write, tmp_path: Path
) -> None:
    other = HUB88 | {"provider": "Other", "secret": {"env": "BGAMING_SECRET"}}
    write(HUB88, other | {"keys": [{"file": "private.pem"}]})
    ran = unbet("endpoints", "check")
    assert ran.status == 0
    assert f"keys: file {tmp_path}/private.pem: it is a key of endpoint 1 as well" in ran.out


def test_a_provider_may_have_one_key_at_two_endpoints(unbet: Unbet, write: Write) -> None:
    write(BGAMING, BGAMING | {"secret": {"env": "HUB88_SECRET"}})
    assert unbet("endpoints", "check", "--json").document["problems"] == []


def test_the_other_variables_are_checked_in_the_same_way(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.out) == (1, "")
    assert "There is no endpoint" in ran.err

    monkeypatch.setenv("UNBET_URL_SECRET", SECRETS["HUB88_SECRET"])
    monkeypatch.setenv("UNBET_PROVIDER_ID", "Only")
    monkeypatch.setenv("UNBET_DIALECT", "lucky-monaco-v1")
    ran = unbet("endpoints", "check", "--json")
    (only,) = ran.document["endpoints"]
    assert (only["path"], only["provider"]) == ("/…/v1/Cancel", "Only")
    assert only["secret"] == "env UNBET_URL_SECRET"  # noqa: S105
    assert shows_no_secret(ran)

    endpoints = {SECRETS["BGAMING_SECRET"]: {"provider": "P"}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(endpoints))
    ran = unbet("endpoints", "check", "--json")
    assert [one["secret"] for one in ran.document["endpoints"]] == [None]
    assert shows_no_secret(ran)

    monkeypatch.delenv("UNBET_ENDPOINTS")
    monkeypatch.setenv("UNBET_DIALECT", "hub88")
    assert "UNBET_DIALECT needs an endpoint" in unbet("endpoints", "check").err


def test_a_file_that_is_wrong_is_told_in_one_sentence(unbet: Unbet, write: Write) -> None:
    file = write(HUB88, BGAMING | {"walet": "sql"})
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.out) == (1, "")
    assert f"UNBET_ENDPOINTS_FILE has a wrong value: {file}: endpoint 2: walet" in ran.err


def test_a_dialect_that_cannot_make_an_answer_is_an_error(
    unbet: Unbet, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(BGAMING)
    assert unbet("endpoints", "check").status == 0

    def document(context: AnswerContext) -> dict[str, object]:
        return {"text": context.answer.text}  # type: ignore[attr-defined]

    faulty = replace(DIALECTS["bgaming"], document=document)
    monkeypatch.setattr("unbet.runtime.endpoints.DIALECTS", {"bgaming": faulty})
    ran = unbet("endpoints", "check")
    assert ran.status == 1
    assert "endpoint 1 (BGaming, bgaming): dialect: its first answer cannot be made" in ran.out
    assert "'Answer' object has no attribute 'text'" in ran.out
