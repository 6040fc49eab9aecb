"""The receivers' counters: summed, and without those that are away."""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.ops.console.serving import served
from unbet.console.counters import LATELY_S, LastRise, Refusals
from unbet.console.receivers import MAX_LENGTH, Receivers, ask_receivers

COUNTED = """\
# TYPE unbet_refused_total counter
unbet_refused_total{reason="form"} 2.0
unbet_refused_total{reason="address"} 0.0
unbet_wrong_secrets_total 3.0
unbet_spooled_total 1.0
unbet_spool_bytes 700.0
unbet_sweep_rounds_total 17.0
"""
MORE = """\
unbet_refused_total{reason="form"} 1.0
unbet_refused_total{reason="expired"} 4.0
unbet_sweep_rounds_total 0.0
"""


async def shown(request: Request) -> Response:
    pages = {
        "one": PlainTextResponse(COUNTED),
        "other": PlainTextResponse(MORE),
        "hidden": PlainTextResponse(COUNTED, 404),
        "forbidden": PlainTextResponse(COUNTED, 403),
        "broken": PlainTextResponse(COUNTED, 502),
        "nan": PlainTextResponse("unbet_spool_bytes NaN"),
        "infinite": PlainTextResponse("unbet_sweep_rounds_total +Inf"),
        "of-others": PlainTextResponse("process_open_fds NaN\n"),
        "endless": PlainTextResponse("# " + "x" * MAX_LENGTH),
        "nonsense": PlainTextResponse("unbet_refused_total{"),
    }
    return pages[request.path_params["name"]]


async def test_counts_are_summed_over_those_that_answer() -> None:
    with served(Starlette(routes=[Route("/{name}", shown)])) as address:
        names = ("one", "other", "broken", "endless", "nonsense", "nan", "infinite")
        urls = [f"{address}/{name}" for name in names]
        told = await ask_receivers(
            [*urls, "http://127.0.0.1:1/metrics", "http://a:x/metrics"], Refusals(), LastRise()
        )
    assert told == Receivers(
        answering=2,
        hidden=0,
        configured=9,
        refused={"form": 3, "expired": 4},
        refused_lately=0,
        wrong_secrets=3,
        spooled=1,
        spool_bytes=700,
        sweep_stands_s=0.0,
    )


async def test_where_no_sweep_counts_its_age_is_not_told() -> None:
    with served(Starlette(routes=[Route("/{name}", shown)])) as address:
        told = await ask_receivers([f"{address}/other"], Refusals(), LastRise())
    assert told.sweep_stands_s is None


async def test_one_that_hides_its_metrics_from_this_address_answers_all_the_same() -> None:
    with served(Starlette(routes=[Route("/{name}", shown)])) as address:
        told = await ask_receivers(
            [f"{address}/{name}" for name in ("hidden", "forbidden", "one")], Refusals(), LastRise()
        )
    assert (told.answering, told.hidden, told.configured) == (3, 2, 3)
    assert told.spool_bytes == 700


async def test_a_number_that_is_none_matters_only_where_it_is_read() -> None:
    with served(Starlette(routes=[Route("/{name}", shown)])) as address:
        told = await ask_receivers([f"{address}/of-others"], Refusals(), LastRise())
    assert (told.answering, told.spool_bytes) == (1, 0)


async def test_what_was_refused_between_looks_is_told_for_all_receivers_together() -> None:
    refusals = Refusals()
    with served(Starlette(routes=[Route("/{name}", shown)])) as address:
        first, second = f"{address}/one", f"{address}/other"
        refusals.lately(time.monotonic(), {first: 2, second: 1})
        told = await ask_receivers([first, second], refusals, LastRise())
    assert told.refused_lately == 4


def test_refusals_are_lately_until_ten_minutes_have_gone_by() -> None:
    refusals = Refusals()
    told = [
        refusals.lately(0, {"a": 5}),
        refusals.lately(1, {"a": 5, "b": 3}),
        refusals.lately(2, {"a": 7, "b": 3}),
        refusals.lately(3, {"b": 4}),
        refusals.lately(LATELY_S, {"a": 7, "b": 4}),
        refusals.lately(LATELY_S + 1.5, {"a": 7, "b": 4}),
        refusals.lately(LATELY_S + 2.5, {"a": 7, "b": 4}),
        refusals.lately(3 * LATELY_S, {"a": 9, "b": 9}),
    ]
    assert told == [0, 0, 2, 1, 3, 1, 0, 0]


def test_a_receiver_that_began_anew_has_refused_what_it_says() -> None:
    refusals = Refusals()
    refusals.lately(0, {"a": 5})
    assert refusals.lately(1, {"a": 2}) == 2


def test_a_counter_that_stands_is_told_by_how_long_it_has_been_seen_to() -> None:
    rounds = LastRise()
    assert [rounds.seconds(*look) for look in ((5.0, 7), (8.0, 7), (9.0, 8), (69.0, 8))] == [
        0,
        3,
        0,
        60,
    ]
    # Another process counts from the start.
    assert rounds.seconds(70.0, 1) == 0
