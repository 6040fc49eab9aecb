"""What only the receivers' counters tell, from their /metrics."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

LIMIT_S: Final = 1.5
LONGEST: Final = 1024 * 1024
"""Bytes; more than a receiver's metrics ever are is not read."""

Samples = list[tuple[str, dict[str, str], float]]


class Receivers(NamedTuple):
    """The sum of all receivers that answer; counts are since each of them started."""

    answering: int
    asked: int
    refused: dict[str, int]
    """Requests with a right secret, by reason."""
    wrong_secrets: int
    spooled: int
    """Cancels that went to a receiver's disk, whether or not they are still there."""
    spool_bytes: int
    """What lies on the receivers' disks now."""
    last_sweep: float | None
    """Seconds since 1970; None where the sweep does not count together with a receiver."""


async def ask_receivers(urls: Sequence[str]) -> Receivers:
    """Ask all of them at once. One that is away, or does not show its metrics, is only counted."""
    async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as client:
        told = await asyncio.gather(*(_ask(client, url) for url in urls))
    answered = [samples for samples in told if samples is not None]
    samples = [sample for one in answered for sample in one]

    def total(name: str) -> int:
        return round(sum(value for found, _, value in samples if found == name))

    refused: dict[str, int] = {}
    for name, labels, value in samples:
        if name == "unbet_refused_total" and value:
            reason = labels.get("reason", "")
            refused[reason] = refused.get(reason, 0) + round(value)
    sweeps = [value for name, _, value in samples if name == "unbet_last_sweep_timestamp_seconds"]
    return Receivers(
        answering=len(answered),
        asked=len(urls),
        refused=refused,
        wrong_secrets=total("unbet_wrong_secrets_total"),
        spooled=total("unbet_spooled_total"),
        spool_bytes=total("unbet_spool_bytes"),
        last_sweep=max(sweeps, default=0.0) or None,
    )


async def _ask(client: httpx.AsyncClient, url: str) -> Samples | None:
    try:
        async with asyncio.timeout(LIMIT_S), client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                return None
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LONGEST:
                    return None
        families = text_string_to_metric_families(body.decode())
        return [(s.name, s.labels, s.value) for family in families for s in family.samples]
    except (httpx.HTTPError, TimeoutError, ValueError):
        return None
