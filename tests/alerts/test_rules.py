"""What Prometheus' own tool says of the rules; each alert has its section in the runbook."""

import re
import subprocess

from tests.alerts.prometheus import NAMES, RULES, program
from tests.system.processes import ROOT


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


def test_each_alert_has_its_section_in_the_runbook_and_each_section_its_alert() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    sections = re.findall(r"^## (Unbet\w+)$", runbook, re.MULTILINE)
    assert sorted(sections) == sorted(NAMES)
    named = re.findall(r"runbook_url: docs/runbook\.md#(\w+)$", RULES.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.lower() for name in NAMES)
