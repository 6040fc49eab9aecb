"""The table of metrics says what there is."""

from pathlib import Path

from prometheus_client import REGISTRY

from unbet.cli.commands.metrics import documented, table
from unbet.runtime import metrics

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"


def test_the_page_has_the_table_that_the_code_makes() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert lines == list(table())


def test_whatever_is_counted_stands_in_the_table() -> None:
    registered = {family.name for family in REGISTRY.collect() if family.name.startswith("unbet_")}
    told = {one.name.removesuffix("_total") for one in documented() if one.source == "counted"}
    assert told == registered


def test_each_reason_of_a_refusal_begins_at_0_and_is_explained() -> None:
    (family,) = metrics.REFUSED.collect()
    reasons = {sample.labels["reason"] for sample in family.samples}
    assert {"signature", "form", "address"} < reasons
    for page in ("security.md", "runbook.md"):
        text = (ROOT / "docs" / page).read_text()
        assert not {reason for reason in reasons if f"`{reason}`" not in text}, page
