"""What Prometheus' own tool says of the rules."""

import re
import subprocess

from tests.alerts.prometheus import NAMES, RULES, program

EXAMPLES = sorted(RULES.parent.glob("*.test.yml"))


def test_the_rules_are_valid_and_do_what_their_examples_say() -> None:
    for command in (["check", "rules", RULES], ["test", "rules", *EXAMPLES]):
        result = subprocess.run(
            [program("promtool"), *map(str, command)],
            cwd=RULES.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_examples_have_each_alert_fire() -> None:
    examples = "".join(file.read_text() for file in EXAMPLES)
    assert set(re.findall(r'alertname="(\w+)"', examples)) == NAMES
