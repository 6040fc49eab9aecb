"""The table of metrics says what there is."""

from pathlib import Path

from prometheus_client import REGISTRY

from unbet.cli.commands.metrics import documented, table

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_has_the_table_that_the_code_makes() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert lines == list(table())


def test_whatever_is_counted_stands_in_the_table() -> None:
    registered = {family.name for family in REGISTRY.collect() if family.name.startswith("unbet_")}
    told = {one.name.removesuffix("_total") for one in documented() if one.source == "counted"}
    assert told == registered
