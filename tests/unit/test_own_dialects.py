"""Dialects of other packages are found by their entry points."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.own_dialects import EXAMPLE_PACKAGE, install

PLAYNGO = "own_dialect.playngo:PLAYNGO"
PROVIDER = "own_dialect.playngo_provider:PLAYNGO"


def dialects(path: str, package: str = "unbet.dialects") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from {package} import DIALECTS; print(*DIALECTS)"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_example_s_dialect_is_beside_ours(tmp_path: Path) -> None:
    about = tomllib.loads((EXAMPLE_PACKAGE / "pyproject.toml").read_text())
    named = about["project"]["entry-points"]
    groups = {"unbet.dialects": PLAYNGO, "testbed.dialects": PROVIDER}
    assert named == {group: {"playngo": value} for group, value in groups.items()}
    path = install(tmp_path, named["unbet.dialects"], named["testbed.dialects"])
    for package in ("unbet.dialects", "testbed.provider.dialects"):
        found = dialects(path, package)
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
    assert found.stderr.strip().endswith("ValueError: two of unbet.dialects are called playngo")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        # What a receiver speaks judges nothing.
        (PLAYNGO, f"TypeError: the entry point {PLAYNGO} of testbed.dialects is no Dialect"),
        ("own_dialect.nowhere:X", "the entry point own_dialect.nowhere:X of testbed.dialects."),
        ("testbed.provider.dialects.hub88:HUB88", ""),
    ],
)
def test_what_is_no_provider_s_side_is_named(tmp_path: Path, value: str, problem: str) -> None:
    found = dialects(install(tmp_path, {}, {"mine": value}), "testbed.provider.dialects")
    assert (problem in found.stderr) if problem else not found.stderr
    assert (found.returncode == 0) == (not problem)


def test_two_provider_s_sides_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "doubled.py").write_text(
        "from own_dialect.playngo_provider import PlayNGo\nAGAIN = PlayNGo()\n"
    )
    path = install(tmp_path, {}, {"mine": PROVIDER, "again": "doubled:AGAIN"})
    found = dialects(path, "testbed.provider.dialects")
    problem = "ValueError: two of testbed.dialects are called playngo"
    assert found.stderr.strip().endswith(problem)
