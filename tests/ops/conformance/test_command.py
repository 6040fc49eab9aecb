"""`unbet conformance` as it is run: bets of a file, exit status, what is printed."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from testbed.conformance.playing import rules_of
from testbed.provider import V4, Bet, Player, Win
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.handlers import on_success
from tests.ops.conformance.reference_receivers.receiver import KEY, SECOND_KEY
from tests.ops.conformance.serving import serving
from tests.ops.conformance.wire import REFUSED, SECRET
from tests.ops.running import run

RULES = rules_of(V4)
conformance = partial(run, "from unbet.cli.main import main; main()", "conformance")

NEED_THE_LEDGER = {
    "a late bet is refused",
    "a bet that races its cancel costs nothing",
    "a bet sent three times is given back once",
    "a split stake goes back where it came from",
    "a stake goes back to its own account",
    "a cancelled bet is not placed again",
    "a cancelled bet cannot win",
    "a win is never reversed",
    "the reference of a win cancels nothing",
    "each bet of a round is given back",
    "a frozen player gets the stake back",
    "no decimal is lost",
    "references are compared exactly",
    "references are compared to their last character",
}


async def listed_bets(casino: Casino, file: Path, **changed: Any) -> Path:
    """A file of bets that are there."""
    player = Player("alice", "EUR")
    casino.accounts[player] += 100
    names = [f"placed-{n}" for n in range(7)]
    for name in (*names, "settled", "refused"):
        amount = 1000 if name == "refused" else 1
        await casino.place(Bet(user_id="alice", currency="EUR", amount=amount, reference=name))
    await casino.settle(Win(reference="settled", amount=5))
    document = {
        "user_id": "alice",
        "currency": "EUR",
        "placed": names,
        "settled": "settled",
        "refused": "refused",
        "other_user_id": "bob",
        "other_currency": "USD",
    }
    told = {name: value for name, value in (document | changed).items() if value is not None}
    file.write_text(json.dumps(told))
    return file


async def test_with_listed_bets_all_is_played_that_needs_no_ledger(tmp_path: Path) -> None:
    casino = Casino()
    file = await listed_bets(casino, tmp_path / "bets.json")
    async with serving(casino) as url:
        options = ("--bets", file, "--refused-from", REFUSED, "--json")
        status, out, err = await conformance(url, *options)

    document = json.loads(out)
    verdicts = {rule["rule"]: rule["verdict"] for rule in document["rules"]}
    assert (status, err, document["ok"]) == (0, "", True), out
    assert {name for name, verdict in verdicts.items() if verdict == "not tried"} == NEED_THE_LEDGER
    assert (document["kept"], document["broken"]) == (len(RULES) - len(NEED_THE_LEDGER), 0)
    assert document["not_tried"] == len(NEED_THE_LEDGER)
    assert casino.accounts[Player("alice", "EUR")] == 100 - 1 + 5
    assert SECRET not in out


async def test_what_the_file_does_not_name_is_not_tried_and_said(tmp_path: Path) -> None:
    casino = Casino()
    file = await listed_bets(casino, tmp_path / "bets.json", placed=None, settled=None)
    async with serving(casino) as url:
        status, out, _ = await conformance(url, "--bets", file)

    assert status == 0
    assert "a settled bet is refused for good: not tried, the file names no settled bet" in out
    # One line for all rules that need one.
    assert "7 rules: not tried, the file names no further placed bet" in out
    assert "a refused address is told so: not tried, no address is given" in out
    not_tried = len(NEED_THE_LEDGER) + 9
    kept = len(RULES) - not_tried
    said = f"{len(RULES)} rules: {kept} kept, 0 broken, {not_tried} not tried."
    assert out.splitlines()[-1] == said


async def test_a_broken_rule_is_told_and_ends_with_1(tmp_path: Path) -> None:
    casino = Casino()
    file = await listed_bets(casino, tmp_path / "bets.json")
    async with serving(casino, "lucky-monaco-v1", on_success(more=1)) as url:
        options = ("--dialect", "lucky-monaco-v1", "--bets", file)
        status, out, _ = await conformance(url, *options)

    assert status == 1
    assert "success has the dialect's form: a cancel: the answer has cash, currency, " in out
    assert "1 broken" in out.splitlines()[-1]


async def test_an_endpoint_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    file = await listed_bets(Casino(), tmp_path / "bets.json")
    ended = await conformance(f"http://127.0.0.1:1/{SECRET}", "--bets", file)

    said = "unbet: 127.0.0.1:1 cannot be reached: the connection was refused.\n"
    assert ended == (3, "", said)


async def test_an_address_that_is_not_this_machines_is_wrong_usage(tmp_path: Path) -> None:
    file = await listed_bets(Casino(), tmp_path / "bets.json")
    async with serving(Casino()) as url:
        options = ("--bets", file, "--refused-from", "192.0.2.1")
        status, out, err = await conformance(url, *options, COLUMNS="200")

    assert (status, out) == (2, "")
    assert "192.0.2.1 is no address of this machine" in err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "Invalid JSON"),
        ('{"user_id": "a"}', "currency: Field required"),
        ('{"user_id": "a", "currency": "EUR", "place": []}', "place: Extra inputs"),
    ],
)
async def test_a_file_of_another_form_is_wrong_usage(
    text: str, problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    async with serving(Casino()) as url:
        status, out, err = await conformance(url, "--bets", file, COLUMNS="200")

    assert (status, out) == (2, "")
    assert problem in err


async def test_a_dialect_with_a_key_is_judged_and_the_key_is_not_shown(tmp_path: Path) -> None:
    casino = Casino()
    file = await listed_bets(casino, tmp_path / "bets.json", stake="1.00")
    (tmp_path / "key").write_text(f"{KEY}\n")
    async with serving(casino, "evolution") as url:
        options = ("--dialect", "evolution", "--bets", file, "--json")
        by_file = await conformance(url, *options, "--key", f"file:{tmp_path}/key")
        casino.bets.clear()
        await listed_bets(casino, file, stake="1.00")
        two = ("--key", "env:FIRST", "--second-key", "env:SECOND")
        by_name = await conformance(url, *options, *two, FIRST=KEY, SECOND=SECOND_KEY)

    verdicts = []
    for status, out, err in (by_file, by_name):
        document = json.loads(out)
        assert (status, err, document["broken"]) == (0, "", 0), out
        assert KEY not in out
        verdicts.append({rule["rule"]: rule["verdict"] for rule in document["rules"]})
    second = "the second key is good as well"
    assert [each[second] for each in verdicts] == ["not tried", "kept"]


async def test_without_the_stake_nothing_is_sent_that_names_another(tmp_path: Path) -> None:
    casino = Casino()
    file = await listed_bets(casino, tmp_path / "bets.json")
    async with serving(casino, "evolution") as url:
        options = ("--dialect", "evolution", "--bets", file)
        status, out, _ = await conformance(url, *options, "--key", "env:FIRST", FIRST=KEY)

    assert status == 0, out
    assert "stake back or nothing: not tried, the file names no stake" in out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "evolution needs a key"),
        (("--key", "the key itself"), "expected env:NAME or file:PATH"),
        (("--key", "env:NO_SUCH_NAME"), "NO_SUCH_NAME is not set"),
        (("--key", "file:/no/such/file"), "/no/such/file cannot be read"),
        (("--key", "env:EMPTY"), "the key is empty"),
    ],
)
async def test_a_key_that_is_none_is_wrong_usage(options: tuple[str, ...], problem: str) -> None:
    url = f"http://127.0.0.1:1/{SECRET}"
    ended = await conformance(url, "--dialect", "evolution", *options, COLUMNS="200", EMPTY="")

    assert ended[0] == 2
    assert problem in ended[2]
    assert "the key itself" not in ended[2]


async def test_without_a_ledger_or_a_file_nothing_is_played() -> None:
    async with serving(Casino()) as url:
        status, out, err = await conformance(url)

    assert (status, out) == (3, "")
    assert err.startswith("unbet: UNBET_DATABASE_URL is not set")
