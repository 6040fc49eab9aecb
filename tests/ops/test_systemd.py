"""The systemd units start what the Procfile starts, and give it the time to end that it needs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from contract.settings import Settings
from ops.processes import ROOT, STOP_LIMIT_S

UNITS = ROOT / "ops" / "systemd"
LINES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes


def unit(line: str) -> dict[str, list[str]]:
    """Its settings; one may stand there more than once."""
    found: dict[str, list[str]] = {}
    for text in (UNITS / f"unbet-{line}.service").read_text().splitlines():
        name, is_setting, value = text.partition("=")
        if is_setting and not text.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_there_is_a_unit_for_each_line_of_the_procfile() -> None:
    assert {file.name for file in UNITS.iterdir()} == {f"unbet-{line}.service" for line in LINES}


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


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    for file in UNITS.iterdir():
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
