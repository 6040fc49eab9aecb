"""What Prometheus' own tool says of the rules."""

import re
import subprocess

from tests.alerts.prometheus import NAMES, RULES, program


def test_the_rules_are_valid_and_do_what_their_examples_say() -> None:
    for command in (["check", "rules", str(RULES)], ["test", "rules", "alerts.test.yml"]):
        result = subprocess.run(
            [program("promtool"), *command],
            cwd=RULES.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_examples_have_each_alert_fire() -> None:
    examples = (RULES.parent / "alerts.test.yml").read_text()
    assert set(re.findall(r'alertname="(\w+)"', examples)) == NAMES
