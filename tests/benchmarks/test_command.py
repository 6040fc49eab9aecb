"""The command `python -m benchmarks`: where results go."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import pieces
from benchmarks.__main__ import app


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pieces, "SAMPLES", 1)
    monkeypatch.setattr(pieces, "SAMPLE_S", 0.001)
    monkeypatch.setattr("benchmarks.__main__._RESULTS", tmp_path / "kept")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["benchmarks", "pieces", *words])
    result = CliRunner().invoke(app, ["pieces", *(w for w in words if "results" in w)])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_whole_run_is_kept_among_the_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(monkeypatch)
    found = json.loads((tmp_path / "kept" / "pieces.json").read_text())
    assert all(piece["us"] > 0 for piece in found["pieces"])


def test_a_run_with_options_takes_no_whole_runs_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "Not kept" in run(monkeypatch, "--rounds", "1")
    assert not (tmp_path / "kept").exists()
    run(monkeypatch, "--rounds", "1", f"--results={tmp_path / 'asked'}")
    assert (tmp_path / "asked" / "pieces.json").exists()
