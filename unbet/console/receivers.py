"""Reads the receivers' own counters from their `/metrics`."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from unbet.console.counters import LastRise, Refusals

LIMIT_S: Final = 1.5
MAX_LENGTH: Final = 1024 * 1024
"""Bytes; more than a receiver's metrics ever are is not read."""

HIDDEN: Final = (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND)
"""What a receiver, or what stands before it, answers to addresses that are not to see metrics."""

Samples = list[tuple[str, dict[str, str], float]]

_READ: Final = (
    "unbet_refused_total",
    "unbet_wrong_secrets_total",
    "unbet_spooled_total",
    "unbet_spool_bytes",
    "unbet_sweep_rounds_total",
)


class Receivers(NamedTuple):
    """The sum of all receivers that show their metrics; counts are since each of them started."""

    answering: int
    hidden: int
    """Of those that answer: how many do not show their metrics to this address."""
    configured: int
    refused: dict[str, int]
    """Requests with a right secret, by reason."""
    refused_lately: int
    """Of all of these, what has been seen to come in the last minutes (`Refusals`)."""
    wrong_secrets: int
    spooled: int
    """Cancels that went to a receiver's disk, whether or not they are still there."""
    spool_bytes: int
    """What lies on the receivers' disks now."""
    sweep_stands_s: float | None
    """Since the sweep was last seen to finish a round; None where it does not count together with a
    receiver."""


async def ask_receivers(
    urls: Sequence[str], refusals: Refusals, sweep_rounds: LastRise
) -> Receivers:
    """Ask all of them at once. One that is away, or cannot be read, is only missing. `refusals` and
    `sweep_rounds` are those of the probes before."""
    async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as client:
        results = await asyncio.gather(*(_ask(client, url) for url in urls))
    shown = {url: one for url, one in zip(urls, results, strict=True) if isinstance(one, list)}
    hidden = results.count("hidden")
    samples = [sample for one in shown.values() for sample in one]
    totals = {url: _total(one, "unbet_refused_total") for url, one in shown.items()}
    refused: Counter[str] = Counter()
    for name, labels, value in samples:
        if name == "unbet_refused_total" and value:
            refused[labels.get("reason", "")] += round(value)
    rounds = _total(samples, "unbet_sweep_rounds_total")
    return Receivers(
        answering=len(shown) + hidden,
        hidden=hidden,
        configured=len(urls),
        refused=dict(refused),
        refused_lately=refusals.lately(time.monotonic(), totals),
        wrong_secrets=_total(samples, "unbet_wrong_secrets_total"),
        spooled=_total(samples, "unbet_spooled_total"),
        spool_bytes=_total(samples, "unbet_spool_bytes"),
        sweep_stands_s=sweep_rounds.seconds(time.monotonic(), rounds) if rounds else None,
    )


def _total(samples: Samples, name: str) -> int:
    return round(sum(value for found, _, value in samples if found == name))


async def _ask(client: httpx.AsyncClient, url: str) -> Samples | Literal["hidden", "away"]:
    try:
        async with asyncio.timeout(LIMIT_S), client.stream("GET", url) as response:
            if response.status_code in HIDDEN:
                return "hidden"
            if response.status_code != httpx.codes.OK:
                return "away"
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_LENGTH:
                    return "away"
        return _samples(body.decode())
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
        return "away"


def _samples(document: str) -> Samples:
    """Those that are read here. Raises `ValueError`, for one that is no number as well."""
    families = text_string_to_metric_families(document)
    samples = [s for family in families for s in family.samples if s.name in _READ]
    if not all(math.isfinite(sample.value) for sample in samples):
        raise ValueError("expected finite numbers")
    return [(sample.name, sample.labels, sample.value) for sample in samples]
