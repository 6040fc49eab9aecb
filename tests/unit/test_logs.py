"""What a provider sends does not steer the terminal of who reads the log."""

import subprocess
import sys

import pytest

SAY = (
    "from contract import logs; import structlog, sys; logs.configure('console'); "
    "structlog.get_logger('receiver').info('answered', reference=sys.argv[1])"
)


@pytest.mark.parametrize(
    "reference", ["a\x1b[2J", "a\nb", "a\u009b31m", "a\u202eb", "a\u2028b", "a\x7fb"]
)
def test_a_line_stays_a_line_whatever_stands_in_it(reference: str) -> None:
    ran = subprocess.run([sys.executable, "-c", SAY, reference], capture_output=True, check=True)
    [line] = ran.stderr.decode().splitlines()
    assert line.isprintable(), ascii(line)
