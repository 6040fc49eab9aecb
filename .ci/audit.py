"""Has any of the pinned packages a known vulnerability? Fails if so; where the service that knows
cannot be asked, says so in a line and lets the rest go on. Arguments are handed on to pip-audit."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LIMIT_S: Final = 90
"""For all packages, each a question of its own."""
ANSWER_LIMIT_S: Final = 5

# pip-audit ends alike for what it has found and for what it could not ask; only the first is told
# on standard output.
_NOT_ASKED: Final = re.compile(r"requests\.exceptions\.|ServiceError|Could not connect")

PINNED: Final = (
    *("requirements.txt", "requirements-local.txt", "requirements-dev.txt"),
    "docs/requirements.txt",
    *("benchmarks/requirements.txt", "tests/browser/requirements.txt"),
)

COMMAND: Final = [
    *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv"),
    # All of them are pinned: nothing has to be resolved or installed for this.
    *("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", str(ANSWER_LIMIT_S)),
    *(part for file in PINNED for part in ("-r", file)),
]


def main() -> str | None:
    try:
        done = subprocess.run(
            [*COMMAND, *sys.argv[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return not_checked(f"no end after {LIMIT_S} s")
    if done.returncode == 0:
        sys.stdout.write("No pinned package has a known vulnerability.\n")
        return None
    if done.stdout.strip():
        return f"Pinned packages have known vulnerabilities:\n{done.stdout}"
    if _NOT_ASKED.search(done.stderr):
        return not_checked("the service cannot be reached")
    return f"pip-audit failed:\n{done.stderr}"


def not_checked(why: str) -> None:
    sys.stdout.write(f"Not checked for known vulnerabilities: {why}.\n")


if __name__ == "__main__":
    sys.exit(main())
