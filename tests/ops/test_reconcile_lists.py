"""The lists that `unbet reconcile` reads: an export, CSV and JSON lines of others, broken ones."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.databases import url_as
from tests.making import Operator, cancel_of
from tests.ops.conftest import WHOLE, Unbet
from unbet.database.roles import Role


@pytest.mark.usefixtures("bets")
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_has_no_differences(
    unbet: Unbet, operator: Operator, tmp_path: Path, form: str
) -> None:
    operator.cancel(*map(cancel_of, ("=1+1", "'=1", "\r=1", "r\r=1", "r\r\n=1")))
    operator.cancel(cancel_of('r,\n;"', provider="Another"))
    file = tmp_path / f"export.{form}"
    file.write_text(unbet("export", *WHOLE, "--format", form).out)

    ran = unbet("reconcile", file, *WHOLE, "--json")

    assert ran.document == {
        "rows": [],
        "ok": True,
        "lines": 11,
        **dict.fromkeys(("missing", "differing", "extra", "repeated"), 0),
    }
    assert ran.status == 0


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.usefixtures("bets")
def test_a_csv_may_have_any_usual_separator_and_other_columns(
    unbet: Unbet, tmp_path: Path, separator: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["GameId", "Reference", "User_ID", "time", "Answer"])
    writer.writerow(["a,b;c", "reversed", "alice", "2027-01-01T00:00:00Z", "0"])
    writer.writerow(["", "nobody-knows", "", "", ""])
    file = tmp_path / "list.CSV"
    file.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())

    ran = unbet("reconcile", file, "--json")

    (row,) = ran.document["rows"]
    assert (row["line"], row["reference"], row["user"]) == (3, "nobody-knows", None)


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("csv", b"user,currency\na,EUR\n", "line 1: reference:"),
        ("csv", b"reference,user,userId\nr,a,a\n", "line 1: userId:"),
        ("csv", b"reference,user\nr,a,b\n", "line 2: line: 3 cells"),
        ("csv", b"reference\n\nr\n" + b"x" * 256 + b"\n", "line 4: reference:"),
        ("csv", b"reference\n\xff\n", "line 2: line: not UTF-8"),
        ("csv", b'reference\n"r', "line 2: line: unexpected end"),
        ("csv", b"reference,code\nr,zero\n", "line 2: code:"),
        ("csv", b"reference,code\nr,%d\n" % 2**63, "line 2: code: Input should be less than"),
        ("csv", b"", "line 1: reference:"),
        ("jsonl", b'{"reference": "r"}\n{"user": "a"}\n', "line 2: reference: Field required"),
        ("jsonl", b'{"reference": 5}', "line 1: reference:"),
        ("jsonl", b'{"reference": "r", "time": "soon"}', "line 1: cancelled_at:"),
        ("jsonl", b'{"reference": "r", "Reference": "r"}', "line 1: Reference:"),
        ("jsonl", b'{"reference": "r", "code": %d}' % 2**63, "line 1: code:"),
        ("jsonl", b"[]", "line 1: line: expected a JSON object"),
        ("jsonl", b"\n{", "line 2: line: not JSON"),
        ("jsonl", b"\xff", "line 1: line: not UTF-8"),
        ("jsonl", b"1" * 9000, "line 1: line: longer than 8192 bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_field_and_nothing_is_compared(
    unbet: Unbet, tmp_path: Path, form: str, content: bytes, said: str
) -> None:
    file = tmp_path / "list"
    file.write_bytes(content)

    ran = unbet("reconcile", file, "--format", form, "--json")

    assert (ran.status, ran.out) == (2, "")
    fault, summary = ran.err.splitlines()
    assert fault.startswith(said)
    assert "1 of " in summary
    assert "nothing was compared" in summary


@pytest.mark.usefixtures("bets")
def test_no_transaction_is_open_while_the_list_is_still_coming(
    database_url: str, engine: Engine
) -> None:
    open_ones = text("""
        SELECT xact_start IS NOT NULL FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'unbet-command'
    """)
    line = json.dumps({"reference": "reversed", "other": "x" * 1000}).encode() + b"\n"
    unbet = Path(sys.executable).with_name("unbet")
    environment = os.environ | {"UNBET_DATABASE_URL": url_as(Role.OPERATOR, database_url)}
    with subprocess.Popen(
        [unbet, "reconcile", "-", "--format", "jsonl", "--json"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdin
        running.stdin.write(line * 1000)  # a pipe holds 64 KiB: by now it has read most of them
        running.stdin.flush()
        with engine.connect() as connection:
            assert connection.execute(open_ones).scalars().all() == [False]
        out, _ = running.communicate(timeout=30)

    assert json.loads(out)["lines"] == 1000
    assert running.returncode == 0
