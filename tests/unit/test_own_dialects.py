"""Dialects of other packages are found by their entry points."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.own_dialects import EXAMPLE_PACKAGE, install

PLAYNGO = "own_dialect.playngo:PLAYNGO"


def dialects(path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from unbet.dialects import DIALECTS; print(*DIALECTS)"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_example_s_dialect_is_beside_ours(tmp_path: Path) -> None:
    about = tomllib.loads((EXAMPLE_PACKAGE / "pyproject.toml").read_text())
    named = about["project"]["entry-points"]["unbet.dialects"]
    assert named == {"playngo": PLAYNGO}
    found = dialects(install(tmp_path, named))
    assert found.returncode == 0, found.stderr
    assert {"playngo", "lucky-monaco-v4", "hub88"} <= set(found.stdout.split())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("own_dialect.playngo:CancelReserve", "CancelReserve of unbet.dialects is no Dialect"),
        ("own_dialect.nowhere:PLAYNGO", "own_dialect.nowhere:PLAYNGO of unbet.dialects."),
        ("unbet.dialects.lucky_monaco:V4", ""),
    ],
)
def test_what_is_no_dialect_is_named(tmp_path: Path, value: str, problem: str) -> None:
    found = dialects(install(tmp_path, {"mine": value}))
    assert problem in found.stderr.strip().splitlines()[-1:][0] if problem else not found.stderr
    assert (found.returncode == 0) == (not problem)


def test_two_dialects_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "doubled.py").write_text(
        "from dataclasses import replace\n"
        "from own_dialect.playngo import PLAYNGO\n"
        "AGAIN = replace(PLAYNGO, path='/again')\n"
    )
    found = dialects(install(tmp_path, {"mine": PLAYNGO, "again": "doubled:AGAIN"}))
    assert found.stderr.strip().endswith("ValueError: two dialects are called playngo")
