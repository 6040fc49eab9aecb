"""What runs at each change: at least one test of each promise, and none that takes minutes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
RELIABILITY: Final = TESTS.parent / "docs" / "reliability.md"
PROMISES: Final = [f"P{number}" for number in range(1, 9)]


def test_each_promise_has_a_test_that_runs_at_each_change() -> None:
    names = set(run_at_each_change())
    shown = dict(re.findall(r"^\| (P\d) \|.*\| ([^|]*) \|$", RELIABILITY.read_text(), re.MULTILINE))
    assert list(shown) == PROMISES
    for promise, tests in shown.items():
        told = re.findall(r"`(?:tests/\S*/)?(test_\w+)", tests)
        assert any(name.startswith(tuple(told)) for name in names), promise


def run_at_each_change() -> Iterator[str]:
    """The names of the tests that are not marked `long`, and of their files."""
    for file in TESTS.rglob("test_*.py"):
        tree = ast.parse(file.read_text())
        if "long" in file.parts or any(map(is_marked, tree.body)):
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
                ast.unparse(decorator) == "pytest.mark.long" for decorator in node.decorator_list
            ):
                yield node.name
                yield file.stem


def is_marked(node: ast.stmt) -> bool:
    """Whether it marks the whole file."""
    return isinstance(node, ast.Assign) and bool(
        re.match(r"pytestmark = .*\bmark\.long\b", ast.unparse(node))
    )
