"""Whatever comes as a body, the parser accepts a valid Cancel or says what is wrong; nothing else.

Each run tries the same bodies; `make fuzz` tries a million others.
"""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from tests.fuzz import known
from tests.fuzz.__main__ import fuzz
from tests.fuzz.bodies import CANCEL, ODD_TEXTS, Bodies
from tests.fuzz.oracle import ACCEPTED, Judgement, cancel_with, judge
from tests.fuzz.timing import ReadingTimes
from tests.making import PROVIDER, Operator
from unbet.dialects.body import parse_kept
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.port import Dialect

SEED = 1
BODIES = 3000

short = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
dialects = st.sampled_from([V4, V1])
texts = st.text(max_size=40) | st.sampled_from(ODD_TEXTS)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*CANCEL, "gamename", "x"])


@pytest.mark.parametrize("dialect", [V4, V1], ids=lambda dialect: dialect.name)
def test_every_known_hard_body_is_judged_rightly(dialect: Dialect) -> None:
    for body in known.ACCEPTED:
        assert judge(body, dialect).said == ACCEPTED, body
    for body in known.REFUSED:
        assert judge(body, dialect).said != ACCEPTED, body


def test_bodies_of_every_kind_keep_the_promises() -> None:
    bodies = Bodies(SEED)
    times = {dialect.name: ReadingTimes(dialect) for dialect in (V4, V1)}
    said: dict[str, set[str]] = {}
    for number in range(BODIES):
        body = bodies.next()
        dialect = V1 if number % 2 else V4
        judgement = judge(body.content, dialect)
        said.setdefault(body.kind, set()).add(judgement.said)
        assert not times[dialect.name].is_too_slow(body.content, judgement.seconds), body
    assert said.pop("valid, spelled otherwise") == {ACCEPTED}
    assert ACCEPTED in said["almost valid"], "none of them gets far"
    assert len(set().union(*said.values())) >= 14, "some refusals are never met"


@short
@given(st.binary(max_size=200), dialects)
def test_any_bytes(body: bytes, dialect: Dialect) -> None:
    judge(body, dialect)


@short
@given(anything, st.booleans(), dialects)
def test_any_json(document: Any, escaped: bool, dialect: Dialect) -> None:
    judge(json.dumps(document, ensure_ascii=escaped).encode(errors="surrogatepass"), dialect)


@short
@given(st.lists(st.tuples(names, anything), max_size=3), st.sets(names, max_size=2), dialects)
def test_any_change_of_fields(
    changes: list[tuple[str, Any]], removed: set[str], dialect: Dialect
) -> None:
    pairs = [(name, value) for name, value in CANCEL.items() if name not in removed] + changes
    written = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    judge(f"{{{written}}}".encode(), dialect)
    judge(json.dumps(dict(pairs)).encode(), dialect)


@short
@given(st.integers(0, 300), st.integers(0, 300), st.binary(max_size=8), dialects)
def test_any_change_of_bytes(start: int, end: int, piece: bytes, dialect: Dialect) -> None:
    body = json.dumps(CANCEL).encode()
    judge(body[:start] + piece + body[end:], dialect)


@short
@given(st.fixed_dictionaries(dict.fromkeys(CANCEL, texts)), dialects)
def test_any_texts(document: dict[str, str], dialect: Dialect) -> None:
    judge(json.dumps(document | {"providerId": PROVIDER}).encode(), dialect)


def test_what_make_fuzz_finds_is_shown_so_that_it_can_be_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fuzz(20, SEED) == 0
    assert "20 bodies" in capsys.readouterr().out

    def careless(_body: bytes, _dialect: Dialect) -> Judgement:
        raise AssertionError("a promise is broken")

    first = Bodies(SEED).next()
    assert fuzz(20, SEED, careless) == 1
    said = capsys.readouterr().out
    assert f"Found: a body ({first.kind}) in lucky-monaco-v4" in said
    assert said.endswith(f"{first.content!r},\n")


def test_what_is_accepted_can_be_stored_as_it_was_sent(engine: Engine) -> None:
    operator = Operator(engine)
    bodies = Bodies(SEED)
    made = [body.content for body in (bodies.next() for _ in range(300))]
    sent = known.ACCEPTED + [body for body in made if judge(body, V4).said == ACCEPTED]
    cancels = [
        cancel_with(parse_kept(body, PROVIDER, V4), V4).model_copy(
            update={"request_id": UUID(int=number)}
        )
        for number, body in enumerate(sent)
    ]
    operator.cancel(*cancels)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT body, reference FROM unbet.requests ORDER BY request_id")
        )
        stored = [(row.body.encode(), row.reference) for row in rows]
    assert stored == [(c.body.encode(), c.reference) for c in cancels]
    assert [body for body, _ in stored] == sent
