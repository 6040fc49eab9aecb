"""Installs a package with dialects of an operator's own, without an installer."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.system.processes import ROOT, System

EXAMPLE_PACKAGE = ROOT / "examples" / "own_dialect"

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def install(folder: Path, receivers: Mapping[str, str], testbed: Mapping[str, str] = _NONE) -> str:
    """What `PYTHONPATH` has to be for a package in `examples/own_dialect` to be installed, with
    these entry points for receivers and for the testbed."""
    about = folder / "own_dialect-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-dialect\nVersion: 1.0\n")
    groups = {"unbet.dialects": receivers, "testbed.dialects": testbed}
    with (about / "entry_points.txt").open("w") as file:
        for group, entry_points in groups.items():
            lines = (f"{name} = {value}\n" for name, value in entry_points.items())
            file.writelines([f"[{group}]\n", *lines])
    return f"{folder}:{EXAMPLE_PACKAGE}"


def install_for(system: System, folder: Path, value: str, secret: str, **endpoint: Any) -> None:
    """The system's processes have the dialect of that entry point, and only that endpoint."""
    folder.mkdir()
    installed = install(folder, {endpoint["dialect"]: value})
    system.environment |= {
        "PYTHONPATH": f"{installed}:{ROOT}",
        "UNBET_ENDPOINTS": json.dumps({secret: endpoint}),
    }
