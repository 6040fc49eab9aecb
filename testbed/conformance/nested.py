"""Fields in each other, named by their way: `actions.0.action_id`."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from testbed.provider import Fields


def value_at(fields: Fields, way: str) -> Any:
    """What is there."""
    found: Any = fields
    for step in way.split("."):
        found = found[int(step) if isinstance(found, list) else step]
    return found


def with_value(fields: Fields, way: str, value: object) -> dict[str, Any]:
    """The same fields, but for one."""

    def put(holder: Any, name: Any) -> None:
        holder[name] = value

    return _changed(fields, way, put)


def without(fields: Fields, way: str) -> dict[str, Any]:
    """The same fields, without one."""

    def take(holder: Any, name: Any) -> None:
        del holder[name]

    return _changed(fields, way, take)


def _changed(fields: Fields, way: str, change: Callable[[Any, Any], None]) -> dict[str, Any]:
    copied = deepcopy(dict(fields))
    holder: Any = copied
    *before, last = way.split(".")
    for step in before:
        holder = holder[int(step) if isinstance(holder, list) else step]
    change(holder, last)
    return copied
