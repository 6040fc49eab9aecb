"""How a call is written: which cancels travel together, their keys, its headers."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import orjson

from unbet.core.message import Cancel
from unbet.core.money import EXACT
from unbet.wallets.optional_fields import optional_fields


class Item(NamedTuple):
    """One cancel of a call, and those that ask the same and so get the same answer."""

    cancel: Cancel
    alike: tuple[Cancel, ...]
    """With `cancel` itself."""


def items_of(cancels: Sequence[Cancel]) -> list[Item]:
    """Each question once, those of a player side by side."""

    def question(cancel: Cancel) -> tuple[str, ...]:
        # What a cancel does not say is like nothing that another one says: no field is empty.
        bet = (cancel.provider, cancel.reference)
        amount = "" if cancel.amount is None else str(cancel.amount.normalize(EXACT))
        return (cancel.player or "", *bet, cancel.currency or "", amount, key_of(cancel))

    alike = (tuple(some) for _, some in groupby(sorted(cancels, key=question), question))
    return [Item(some[0], some) for some in alike]


def calls_of(items: Sequence[Item], max_together: int) -> list[list[Item]]:
    """`items` in calls: at most `max_together` in one, and no bet in it twice. Those of a player go
    in one call where they fit: two calls about one player would wait for each other."""
    calls: list[list[Item]] = []
    keys: set[str] = set()
    for _, some in groupby(items, lambda item: item.cancel.player):
        for chunk in _chunks(list(some), max_together):
            added = {key_of(item.cancel) for item in chunk}
            if not calls or len(calls[-1]) + len(chunk) > max_together or added & keys:
                calls.append([])
                keys = set()
            calls[-1] += chunk
            keys |= added
    return calls


def _chunks(items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """At most so many in one, and no bet in it twice; those of a bet are side by side."""
    while items:
        left: list[Item] = []
        chunk: dict[str, Item] = {}
        for item in items:
            if len(chunk) == most or chunk.setdefault(key_of(item.cancel), item) is not item:
                left.append(item)
        yield [*chunk.values()]
        items = left


def key_of(cancel: Cancel) -> str:
    """The bet's key: the same for every try, resend and sweep, for ever. 64 characters of ASCII,
    since a reference may have any. The fields have no NUL in them (`unbet/core/fields.py`), so a
    round's key is that of no bet."""
    of_round = "\0round" if cancel.of_round else ""
    return hashlib.sha256(f"{cancel.provider}\0{cancel.reference}{of_round}".encode()).hexdigest()


def key_of_call(items: Sequence[Item]) -> str:
    """The key of a lone cancel is its bet's; that of a group follows from the keys in it."""
    keys = [key_of(item.cancel) for item in items]
    return keys[0] if len(keys) == 1 else hashlib.sha256("".join(keys).encode()).hexdigest()


def body_of(items: Sequence[Item], *, dry_run: bool = False) -> bytes:
    """A JSON array; an amount is in it only where the provider's request says one, since the wallet
    knows the stake. `dry_run` is a member and no header: it is signed."""
    more = {"dry_run": True} if dry_run else {}
    return orjson.dumps(
        [
            {
                "request_id": str(cancel.request_id),
                "key": key_of(cancel),
                "provider": cancel.provider,
                "reference": cancel.reference,
                "player": cancel.player,
                "currency": cancel.currency,
                "uuid": cancel.uuid,
                "received_at": cancel.received_at.isoformat(),
                **optional_fields(cancel),
                **more,
            }
            for cancel, _ in items
        ]
    )


def headers_of(items: Sequence[Item], body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """Of one try. The trace goes by the first cancel's request, each try is a span of its own."""
    name, now = key_of_call(items), int(time.time())
    return {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "unbet",
        "idempotency-key": name,
        "webhook-id": name,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(name, now, body, keys),
        "traceparent": f"00-{items[0].cancel.request_id.hex}-{secrets.token_hex(8)}-01",
    }


def signature(name: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> str:
    """Of Standard Webhooks (standardwebhooks.com), version 1: one for each of `keys`."""
    content = f"{name}.{timestamp}.".encode() + body
    macs = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return " ".join(f"v1,{mac}" for mac in macs)
