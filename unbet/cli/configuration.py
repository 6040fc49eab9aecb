"""Write docs/configuration.md, made of the settings, and docs/ledger-openapi.json, made of the
ledger's operations: `python -m unbet.cli.configuration`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

from unbet.ledger_api.openapi import document
from unbet.local.processes import ROOT
from unbet.runtime.environment import PREVENTS, variable_of
from unbet.runtime.settings import PROCESSES, Settings

PAGE: Final = ROOT / "docs" / "configuration.md"
OPENAPI: Final = ROOT / "docs" / "ledger-openapi.json"

_BEGINNING: Final = """\
<!-- Made by `make configuration` from unbet/runtime/settings.py and variables.py: change those. -->

# Configuration

Every process reads its own settings, and no others, from the environment, once, when it starts. A
missing or wrong value stops the start with a sentence that names the variable. No setting is read
from a file, except endpoints (UNBET_ENDPOINTS_FILE) and the secrets and keys that an endpoint
names: put the variables where your supervisor keeps them ([deployment](deployment.md) has an
example). A command of `unbet` reads those that it is about.

| variable | default | values | read by | what it is for | what it prevents |
|---|---|---|---|---|---|
"""
_END: Final = """\

`unbet run` starts the PostgreSQL and the Redis that are not named, and makes the secrets that are
not set.

`PROMETHEUS_MULTIPROC_DIR` is not ours but the Prometheus client's: a directory, emptied before the
processes start, in which all processes of a machine count together; `/metrics` then shows the sum.
"""


def page() -> str:
    """The whole page."""
    return _BEGINNING + "".join(_rows()) + _END


def _rows() -> Iterator[str]:
    schemas = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        cells = (
            f"`{variable_of(name)}`",
            _default(field),
            _values(schemas[name]),
            _readers(name),
            (field.description or "").replace("|", "\\|"),
            str(schemas[name].get(PREVENTS, "")).replace("|", "\\|"),
        )
        yield f"| {' | '.join(cells)} |\n"


def _readers(name: str) -> str:
    """The processes that read it."""
    return ", ".join(process for process, kind in PROCESSES.items() if name in kind.model_fields)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    # What is worked out from another variable, the description tells.
    if field.default_factory is not None or field.default in (None, (), {}):
        return "none"
    if isinstance(field.default, tuple):
        return ", ".join(f"`{value}`" for value in field.default)
    value = field.default
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _values(schema: Mapping[str, Any]) -> str:
    """What a number's limits are, or which words there are; the rest the description tells."""
    schema = schema.get("anyOf", [schema])[0]  # a number, or nothing
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    limits = (
        ("minimum", "from {:g}"),
        ("exclusiveMinimum", "above {:g}"),
        ("maximum", "to {:g}"),
        ("exclusiveMaximum", "below {:g}"),
    )
    return " ".join(words.format(schema[key]) for key, words in limits if key in schema)


if __name__ == "__main__":
    PAGE.write_text(page())
    OPENAPI.write_bytes(document())
