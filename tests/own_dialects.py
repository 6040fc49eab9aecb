"""Installs a package with dialects of an operator's own, without an installer."""

from collections.abc import Mapping
from pathlib import Path

from tests.system.processes import ROOT

EXAMPLE_PACKAGE = ROOT / "examples" / "own_dialect"


def install(folder: Path, entry_points: Mapping[str, str]) -> str:
    """What `PYTHONPATH` has to be for a package in `examples/own_dialect` with these entry points
    to be installed."""
    about = folder / "own_dialect-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-dialect\nVersion: 1.0\n")
    lines = (f"{name} = {value}" for name, value in entry_points.items())
    (about / "entry_points.txt").write_text("[unbet.dialects]\n" + "\n".join(lines) + "\n")
    return f"{folder}:{EXAMPLE_PACKAGE}"
