"""Every relative link of the README and the docs leads to a file, and to a heading in it."""

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [target for target in _links(page) if not _is_there(page, target)]
    assert dead == []


def test_the_readme_links_every_page_of_the_docs() -> None:
    linked = {target.partition("#")[0] for target in _links(ROOT / "README.md")}
    pages = {f"docs/{page.name}" for page in PAGES if page.parent == ROOT / "docs"}
    assert pages - linked == {"docs/index.md"}


def _links(page: Path) -> list[str]:
    text = _without_code(page.read_text())
    found = re.findall(r"\]\(\s*<?([^)\s>]+)", text)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def _is_there(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (page.parent / unquote(name)).resolve() if name else page
    if not file.exists() or not file.is_relative_to(ROOT):
        return False
    return not anchor or (file.suffix == ".md" and anchor in _anchors(file))


def _anchors(page: Path) -> set[str]:
    """As code hosts make them of headings."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", _without_code(page.read_text()), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    lowered = (unicodedata.normalize("NFC", heading).strip().lower() for heading in plain)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in lowered}


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def test_every_test_that_the_docs_name_is_there() -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    named = {
        (page.name, name)
        for page in PAGES
        for name in re.findall(r"`(test_\w+)…?`", page.read_text())
    }
    assert named
    assert [(page, name) for page, name in sorted(named) if f"def {name}" not in tests] == []
