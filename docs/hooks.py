"""MkDocs' hooks: what docs/ links to outside of itself, and that the site asks nobody else."""

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

PICTURES: Final = {"../benchmarks/results/run.png": "run.png"}
"""Those outside of docs/ that the site shows, and how they are called there."""

_OUTSIDE: Final = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")
_FOREIGN: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+|@import\s+["'](?:https?:)?//[^"']+"""
)


def on_files(files: Any, config: Any) -> Any:
    """Add the pictures."""
    for outside, name in PICTURES.items():
        source = Path(config.docs_dir, outside).resolve()
        files.append(File.generated(config, name, abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A link to a file of the source works where the source is; the site has its name only."""
    for outside, name in PICTURES.items():
        markdown = markdown.replace(f"]({outside})", f"]({name})")
    return _OUTSIDE.sub(r"\1", markdown)


def on_post_build(config: Any) -> None:
    """Refuse a site that loads anything from elsewhere."""
    for file in Path(config.site_dir).rglob("*"):
        if file.suffix in (".html", ".css") and (found := _FOREIGN.search(file.read_text())):
            raise PluginError(f"{file} loads something from elsewhere: {found[0]}")
