"""Finds what has a file each in a package of ours, or an entry point in another one."""

from collections.abc import Collection, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Protocol, TypeVar


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Kind = TypeVar("Kind", bound=_Named)


def find_plugins(
    kind: type[Kind], package: str, *, group: str, common: Collection[str]
) -> dict[str, Kind]:
    """By name, the objects of `kind` in the files of `package`, but for those called `common`, and
    those that entry points of `group` name. Raises `ValueError` for a name that is there twice,
    `TypeError` for an entry point that names no such object, and whatever loading it raises."""
    found: dict[str, Kind] = {}
    for one in (*_in_files(kind, package, common), *_named(kind, group)):
        if found.setdefault(one.name, one) is not one:
            raise ValueError(f"two of {group} are called {one.name}")
    return found


def _in_files(kind: type[Kind], package: str, common: Collection[str]) -> Iterator[Kind]:
    for file in iter_modules(import_module(package).__path__):
        if file.name not in common:
            names = vars(import_module(f"{package}.{file.name}"))
            yield from (value for value in names.values() if isinstance(value, kind))


def _named(kind: type[Kind], group: str) -> Iterator[Kind]:
    for entry in entry_points(group=group):
        try:
            found = entry.load()
        except Exception as error:
            error.add_note(f"This is the entry point {entry.value} of {group}.")
            raise
        if not isinstance(found, kind):
            raise TypeError(f"the entry point {entry.value} of {group} is no {kind.__name__}")
        yield found
