"""Has schemathesis make requests from an OpenAPI document, valid ones and others, and judge what a
running server answers by the document."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from schemathesis import engine
from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder

from tests.openapi import DOCUMENT

SPELLINGS: Final = ("LuckyMonaco", "luckymonaco", "LUCKYMONACO")

CHECKS: Final = {
    # The test's own are stricter: what can be read is answered with HTTP 200 and a code.
    "negative_data_rejection": {"enabled": False},
    "positive_data_acceptance": {"enabled": False},
    # The document has a GET that is refused, to say so.
    "allow_header_conformance": {"enabled": False},
}

NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and what came back."""

    method: str
    path: str
    headers: Mapping[str, list[str]]
    """Of the request."""
    sent: bytes
    status: int
    received: bytes


@dataclass
class Explored:
    """What came of a run."""

    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Where the server is not as the document says."""

    def __add__(self, other: "Explored") -> "Explored":
        return Explored(self.exchanges + other.exchanges, self.faults + other.faults)


def described(paths: Iterable[str]) -> dict[str, Any]:
    """The document of `paths` to make requests from, with what only a receiver's settings say: its
    provider's id."""
    narrowed = copy.deepcopy(DOCUMENT)
    for name, schema in narrowed["components"]["schemas"].items():
        if name.endswith("-cancel"):
            schema["properties"]["providerId"] = {"enum": SPELLINGS}
            _make_quick(schema)
    narrowed["paths"] = {path: narrowed["paths"][path] for path in paths}
    return narrowed


def _make_quick(schema: dict[str, Any]) -> None:
    """Halve the time that it takes to make up a request: no trees of JSON in unknown fields, and no
    pattern's end, so that a valid one may turn out to have a NUL."""
    schema["additionalProperties"] = {"type": ["string", "integer", "null"]}
    for values in schema["properties"].values():
        if "pattern" in values:
            values["pattern"] = values["pattern"].removesuffix(r"[^\x00]*$")


def explore(
    document: Mapping[str, Any],
    url: str,
    *,
    mode: str,
    examples: int,
    seed: int,
    secret: str | None = None,
    content_type: str = "application/json",
    headers: Mapping[str, str] = NO_HEADERS,
    map_case: Callable[[Any, Any], Any] | None = None,
) -> Explored:
    """Send to each path the document's examples, each field's edges, and `examples` random requests
    that are valid (`mode` is `positive`), are not (`negative`), or both (`all`).

    Without a `secret` each request has one that is made up. `map_case` is a hook of
    schemathesis' that may change each.
    """
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "continue-on-failure": True,
            "headers": {"Content-Type": content_type, **headers},
            "parameters": {"path.secret": secret} if secret else {},
            "generation": {
                "mode": mode,
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                "allow-extra-parameters": False,
            },
            "phases": {
                "stateful": {"enabled": False},
                # A request is made from the document and the seed, not from earlier answers.
                "fuzzing": {
                    "extra-data-sources": {"responses": False},
                    "error-feedback": {"enabled": False},
                },
            },
            "checks": CHECKS,
        }
    )
    schema = schemathesis.openapi.from_dict(dict(document), config=config)
    if map_case is not None:
        schema.hook("map_case")(map_case)
    explored = Explored()
    for event in engine.from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                explored.exchanges += _exchanges(recorder)
                explored.faults += _faults(recorder)
            case events.NonFatalError(value=error) | events.FatalError(exception=error):
                explored.faults.append(repr(error))
    return explored


def _exchanges(recorder: ScenarioRecorder) -> Iterator[Exchange]:
    for case, exchange in recorder.interactions.items():
        assert exchange.response is not None, f"no response to {exchange.request!r}"
        yield Exchange(
            method=exchange.request.method,
            path=recorder.cases[case].value.path,
            headers=exchange.request.headers,
            sent=exchange.request.body or b"",
            status=exchange.response.status_code,
            received=exchange.response.content,
        )


def _faults(recorder: ScenarioRecorder) -> Iterator[str]:
    for check in (check for checks in recorder.checks.values() for check in checks):
        if check.failure_info:
            failure = check.failure_info.failure
            yield f"{check.name}: {failure.operation}: {failure.message}"
