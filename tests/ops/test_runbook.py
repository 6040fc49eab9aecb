"""The runbook has a section for each alert, and names only what there is."""

import re

from tests.alerts.prometheus import NAMES, RULES
from tests.system.processes import ROOT
from unbet.cli.commands.metrics import documented

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


def test_each_alert_has_its_section_and_each_section_its_alert() -> None:
    sections = re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)
    assert sorted(sections) == sorted(NAMES)
    named = re.findall(r"runbook_url: docs/runbook\.md#(\w+)$", RULES.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.lower() for name in NAMES)


def test_alerts_and_runbook_name_no_metric_that_is_not_there() -> None:
    text = RULES.read_text() + RUNBOOK
    named = {
        name.removesuffix("_bucket") for name in re.findall(r"\bunbet_(?!ledger\b)[a-z_]+\b", text)
    }
    assert named <= {one.name for one in documented()}


def test_what_the_runbook_has_one_search_the_log_for_is_logged() -> None:
    code = "".join(file.read_text() for file in (ROOT / "api").rglob("*.py"))
    searched = re.findall(r"grep '(\".+?\")'", RUNBOOK)
    assert len(searched) >= 5
    assert [event for event in searched if event not in code] == []
