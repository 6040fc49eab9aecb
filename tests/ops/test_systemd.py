"""The systemd units start what the Procfile starts, and give it the time to end that it needs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from unbet.local.processes import ROOT, STOP_LIMIT_S
from unbet.runtime.environment import PREFIX
from unbet.runtime.exposition import MULTIPROC_DIR
from unbet.runtime.settings import Settings

UNITS = ROOT / "deploy" / "systemd"
PAGE = (ROOT / "docs" / "deployment.md").read_text()
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}
LINES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
COUNTING = ("web", "worker", "sweep", "ledger")
"""The others count nothing that a receiver is to show, and must not write there."""


def unit(line: str) -> dict[str, list[str]]:
    """Its settings; one may stand there more than once."""
    found: dict[str, list[str]] = {}
    for text in (UNITS / f"unbet-{line}.service").read_text().splitlines():
        name, is_setting, value = text.partition("=")
        if is_setting and not text.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_there_is_a_unit_for_each_line_of_the_procfile() -> None:
    units = {file.name for file in UNITS.glob("*.service")}
    assert units == {f"unbet-{line}.service" for line in LINES}


@pytest.mark.parametrize("line", LINES)
def test_a_unit_starts_its_line_again_and_ends_it_gently(line: str) -> None:
    settings = unit(line)
    assert settings["ExecStart"] == [f"/opt/unbet/.venv/bin/{LINES[line]}"]
    assert settings["Restart"] == ["always"]
    assert settings["StartLimitIntervalSec"] == ["0"]
    assert settings["KillMode"] == ["mixed"]
    assert settings["EnvironmentFile"] == ["/etc/unbet/common.env", f"/etc/unbet/{line}.env"]
    deadline = Settings.model_fields["answer_deadline_s"].default
    assert int(settings["TimeoutStopSec"][0]) > max(STOP_LIMIT_S, deadline + 1)


def made_at_boot() -> list[str]:
    """The one line of the file for systemd-tmpfiles."""
    lines = (UNITS / "unbet.conf").read_text().splitlines()
    (line,) = (line for line in lines if not line.startswith("#"))
    return line.split()


@pytest.mark.parametrize("line", LINES)
def test_what_counts_has_a_place_to_do_so_that_outlives_it(line: str) -> None:
    kind, directory, mode, user, group, _ = made_at_boot()
    settings = unit(line)
    counts = line in COUNTING
    assert (kind, mode, user, group) == ("d", "0700", *settings["User"], *settings["Group"])
    assert Path(directory).is_relative_to("/run")  # in memory: each boot finds it empty
    assert settings.get("Environment", []) == [f"{MULTIPROC_DIR}={directory}"] * counts
    assert settings.get("ReadWritePaths", []) == [directory] * counts
    assert "RuntimeDirectory" not in settings  # gone with the first unit that stops


def test_the_way_to_deploy_has_that_place_made_and_a_receiver_asked() -> None:
    assert "deploy/systemd/unbet.conf /etc/tmpfiles.d/" in PAGE
    files = {
        file: set(re.findall(r"`(UNBET_\w+)`", row))
        for file, row in re.findall(r"\| `/etc/unbet/(\w+)\.env` \| (.*) \|", PAGE)
    }
    assert files.keys() == LINES.keys()
    assert {name for names in files.values() for name in names} <= VARIABLES
    assert {"UNBET_HOST", "UNBET_OPS_ALLOWED_IPS"} <= files["web"]
    assert "UNBET_METRICS_PORT" in files["worker"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    for file in UNITS.glob("*.service"):
        # The programs of this installation: systemd looks whether they are there.
        text = file.read_text().replace("/opt/unbet/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / file.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in checked.stderr.splitlines() if "unbet-" in line]
    assert (checked.returncode, ours) == (0, [])
