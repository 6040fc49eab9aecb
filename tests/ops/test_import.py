"""The import: a result for every line, in order; what is wrong is named, the rest goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.making import Operator, cancel_of
from tests.ops.conftest import Ran, Unbet
from tests.ops.lines import (
    AnswerContext,
    as_bytes,
    bet,
    convert,
    correct,
    deposit,
    end,
    freeze,
    settle,
    state_of,
    withdraw,
)
from unbet.cli.import_lines import MAX_LINE_LENGTH

Import = Callable[[bytes | list[AnswerContext]], Ran]


@pytest.fixture
def imported(unbet: Unbet, tmp_path: Path) -> Import:
    """Imports a file of these bytes or lines."""

    def run(content: bytes | list[AnswerContext]) -> Ran:
        file = tmp_path / "import.jsonl"
        file.write_bytes(content if isinstance(content, bytes) else as_bytes(content))
        return unbet("import", file)

    return run


def test_every_line_gets_its_result_in_the_order_of_the_file(imported: Import) -> None:
    ran = imported(
        [
            deposit("d1"),
            bet("r1"),
            settle("r1"),
            freeze(),
            bet("r2"),
            freeze(op="unfreeze"),
            bet("r1", "3.00"),
            deposit("d1"),
            settle("unknown"),
        ]
    )

    assert ran.status == 3
    assert [(r["line"], r["op"], r["reference"], r["status"]) for r in ran.lines] == [
        (1, "deposit", "d1", "done"),
        (2, "bet", "r1", "done"),
        (3, "settle", "r1", "done"),
        (4, "freeze", None, "done"),
        (5, "bet", "r2", "refused"),
        (6, "unfreeze", None, "done"),
        (7, "bet", "r1", "conflict"),
        (8, "deposit", "d1", "done"),
        (9, "settle", "unknown", "refused"),
    ]
    assert [r["replayed"] for r in ran.lines] == [False] * 7 + [True, False]
    assert [r["reason"] for r in ran.lines if r["status"] == "refused"] == [
        "player_frozen",
        "unknown_bet",
    ]
    assert "9 lines in" in ran.err
    assert "6 done, 2 refused, 1 conflict, 0 invalid, 1 replayed" in ran.err


def test_withdrawals_corrections_and_bonus_are_imported_in_the_order_of_the_file(
    imported: Import, operator: Operator
) -> None:
    content = [
        deposit("d1"),
        deposit("d2") | {"bonus": True},
        withdraw("w1", "6.00"),
        withdraw("w2", "6.00"),
        end("w1", "release_withdrawal"),
        withdraw("w3", "6.00"),
        end("w3"),
        end("w3", "release_withdrawal"),
        correct("c1", "0.50"),
        correct("c2", "2.00", direction="credit") | {"bonus": True},
        convert("b1", "12.00"),
        bet("r1", "15.50"),
        end("unknown"),
        correct("c1", "0.50") | {"reason": "another one"},
    ]

    ran = imported(content)

    assert [(r["op"], r["reference"], r["status"], r["reason"]) for r in ran.lines] == [
        ("deposit", "d1", "done", None),
        ("deposit", "d2", "done", None),
        ("withdraw", "w1", "done", None),
        ("withdraw", "w2", "refused", "insufficient_funds"),
        ("release_withdrawal", "w1", "done", None),
        ("withdraw", "w3", "done", None),
        ("complete_withdrawal", "w3", "done", None),
        ("release_withdrawal", "w3", "refused", "withdrawal_completed"),
        ("correct", "c1", "done", None),
        ("correct", "c2", "done", None),
        ("convert_bonus", "b1", "done", None),
        ("bet", "r1", "done", None),
        ("complete_withdrawal", "unknown", "refused", "unknown_withdrawal"),
        ("correct", "c1", "conflict", "the reference was used before with other details"),
    ]
    assert operator.balance().model_dump() == {"cash": 0, "bonus": 0, "held": 0}
    again = [result for result in imported(content).lines if result["status"] == "done"]
    assert len(again) == 10
    assert all(result["replayed"] for result in again)


def test_the_end_of_an_earlier_withdrawal_keeps_its_place_among_its_players_lines(
    imported: Import, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.withdraw("w1", "10.00")

    ran = imported([end("unknown"), bet("r1"), end("w1", "release_withdrawal"), bet("r2")])

    assert [(result["status"], result["reason"]) for result in ran.lines] == [
        ("refused", "unknown_withdrawal"),
        ("refused", "insufficient_funds"),
        ("done", None),
        ("done", None),
    ]


def test_a_bar_does_not_disturb_the_results(unbet: Unbet, tmp_path: Path) -> None:
    file = tmp_path / "import.jsonl"
    file.write_bytes(as_bytes([deposit("d1"), bet("r1")]))

    ran = unbet("import", file, terminal=True)

    assert [row["status"] for row in ran.lines] == ["done", "done"]
    assert f"{file.stat().st_size} bytes" in ran.err


def test_an_import_that_is_run_twice_changes_nothing_twice(
    imported: Import, database_url: str
) -> None:
    content = [deposit("d1"), {**deposit("d2"), "bonus": True}, bet("r1", "12.00"), settle("r1")]
    assert imported(content).status == 0
    once = state_of(database_url)

    again = imported(content)

    assert again.status == 0
    assert all(result["replayed"] for result in again.lines)
    assert state_of(database_url) == once


def test_a_bet_that_meets_a_tombstone_is_reported(imported: Import, operator: Operator) -> None:
    operator.cancel(cancel_of("r1"))

    ran = imported([deposit("d1"), bet("r1")])

    assert ran.status == 3
    assert (ran.lines[1]["status"], ran.lines[1]["reason"]) == ("refused", "cancelled")
    assert str(operator.balance().cash) == "10.000000000000000000"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"op": "bet"', "line: not JSON"),
        (b"[]", "line: expected a JSON object"),
        (b'"deposit"', "line: expected a JSON object"),
        (b"\xff\xfe", "line: not UTF-8"),
        (b"[" * 5000, "line: not JSON"),
        (b"1" * 5000, "line: not JSON"),
        (b" " * MAX_LINE_LENGTH + b"{}", "line: longer than"),
        (b"x" * 3 * MAX_LINE_LENGTH, "line: longer than"),
        (b'{"op": "frieze", "user": "alice"}', "op: "),
        (b'{"op": ["freeze"], "user": "alice"}', "op: "),
        (b'{"op": "freeze"}', "user: "),
        (b'{"op": "freeze", "user": "a", "user": "b"}', "user: given twice"),
        (b'{"op": "freeze", "user": "\\ud800"}', "user: "),
        (b'{"op": "freeze", "user": "a", "\\ud800": 1}', "line: "),
        (b'{"op": "freeze", "user": "a", "self": 1}', "self: "),
        (b'{"op": "freeze", "user": "a\\u0000"}', "user: "),
        (as_bytes([deposit("d") | {"amount": 10.5}]), "amount: expected an amount as text such as"),
        (as_bytes([deposit("d") | {"amount": 10}]), "amount: expected an amount as text such as"),
        (as_bytes([deposit("d", "-1")]), "amount: "),
        (as_bytes([deposit("d") | {"bonus": "yes"}]), "bonus: "),
        (as_bytes([deposit("d") | {"reference": None}]), "reference: "),
        (as_bytes([bet("r") | {"provider": " "}]), "provider: "),
        (as_bytes([bet("r") | {"currency": "euros"}]), "currency: "),
        (as_bytes([settle("r", win="1e3")]), "win: "),
        (as_bytes([settle("r", win_ref="w")]), "win_ref: "),
        (as_bytes([withdraw("w", "0")]), "amount: "),
        (as_bytes([end("w" * 65)]), "reference: "),
        (as_bytes([correct("c", direction="up")]), "direction: "),
        (as_bytes([correct("c") | {"reason": " "}]), "reason: "),
        (as_bytes([correct("c") | {"by": ""}]), "by: "),
        (as_bytes([convert("b") | {"bonus": True}]), "bonus: "),
    ],
)
def test_a_wrong_line_is_named_and_the_import_goes_on(
    imported: Import, operator: Operator, line: bytes, reason: str
) -> None:
    ran = imported(as_bytes([deposit("d1")]) + line.rstrip() + b"\n" + as_bytes([deposit("d2")]))

    assert ran.status == 3
    assert [result["status"] for result in ran.lines] == ["done", "invalid", "done"]
    assert ran.lines[1]["reason"].startswith(reason)
    assert operator.balance().cash == 20


def test_a_deposit_without_a_reference_is_invalid(imported: Import) -> None:
    said = deposit("d1")
    del said["reference"]

    (result,) = imported([said]).lines

    assert (result["status"], result["reason"]) == ("invalid", "reference: Field required")


def test_blank_lines_a_bom_and_foreign_line_ends_do_not_matter(imported: Import) -> None:
    lines = as_bytes([deposit("d1"), deposit("d2")]).replace(b"\n", b"\r\n \r\n").rstrip()

    ran = imported(b"\xef\xbb\xbf" + lines)

    assert ran.status == 0
    assert [result["line"] for result in ran.lines] == [1, 3]


def test_an_empty_file_is_imported(imported: Import) -> None:
    ran = imported(b"")

    assert (ran.status, ran.out) == (0, "")


def test_a_line_that_no_column_can_hold_bars_no_other(imported: Import, operator: Operator) -> None:
    most = deposit("most", "99999999999999999999")
    ran = imported([deposit("d1"), most, *(deposit(f"bob{n}", user="bob") for n in range(50))])

    assert [result["status"] for result in ran.lines] == ["done", "invalid", *["done"] * 50]
    assert ran.lines[1]["reason"] == "the database refused: numeric field overflow"
    assert operator.balance("bob").cash == 500
