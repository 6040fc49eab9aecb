"""CSV that is safe in a spreadsheet: a cell that looks like a formula is not one."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARK: Final = "'"


def protect(cell: str) -> str:
    """With an apostrophe before what a spreadsheet would run, and before one that stands there
    already, so that `unprotect` gives back any text."""
    return _MARK + cell if cell.startswith((*_FORMULA, _MARK)) else cell


def unprotect(cell: str) -> str:
    """What `protect` was given."""
    return cell[1:] if cell.startswith(_MARK) and cell[1:].startswith((*_FORMULA, _MARK)) else cell
