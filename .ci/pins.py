"""Is there a wheel of each pinned package for each Python and each machine that Unbet runs on?

Nothing is installed. Fails if one is missing, and names it.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
MACHINES: Final = ("x86_64", "aarch64")
GLIBC: Final = ("_2_28", "_2_27", "_2_17", "2014", "_2_12", "2010", "_2_5", "1")
"""Debian 10 and RHEL 8 have this one, and whatever came before it suits them, too."""
FILES: Final = ("requirements.txt", "requirements-local.txt", "requirements-dev.txt")
LIMIT_S: Final = 600


def missing(target: tuple[str, str]) -> str:
    """What pip says is missing for this Python on this machine; nothing if all is there."""
    python, machine = target
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:"),
                *("--target", nowhere, "--python-version", python),
                *(
                    part
                    for glibc in GLIBC
                    for part in ("--platform", f"manylinux{glibc}_{machine}")
                ),
                *(part for file in FILES for part in ("-r", file)),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return f"Python {python} on {machine}: {errors[-1] if errors else done.stderr}"


def main() -> str | None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = [said for said in pool.map(missing, product(PYTHONS, MACHINES)) if said]
    if found:
        return "\n".join(found)
    sys.stdout.write(f"Every pinned package has a wheel for Python {', '.join(PYTHONS)}.\n")
    return None


if __name__ == "__main__":
    sys.exit(main())
