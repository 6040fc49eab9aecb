"""The endpoint registry: the endpoint that a path leads to, and the address that a request comes
from."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from unbet.dialects.port import Dialect
from unbet.runtime.endpoints import EndpointConfig
from unbet.runtime.settings import CallerSettings, Network, SettingsError

WINDOW_S: Final = 60.0
MAX_WRONG: Final = 20
"""Wrong secrets, and other paths that lead nowhere, of one address within `WINDOW_S`; an IPv6
address stands for its /64 network."""
MAX_REMEMBERED: Final = 10_000
"""Addresses; the oldest is forgotten for a new one."""

UNKNOWN: Final = "unknown"
"""The address of a sender that has gone already, that comes through a Unix socket, or whose proxy
does not say it."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, and the path that leads to it."""

    path: bytes
    config: EndpointConfig
    dialect: Dialect
    keys: tuple[Any, ...] = ()
    """What the provider signs with."""
    knows_players: bool = False
    """Whether its wallet has all players: a player without a known balance has 0 in the decision's
    currency."""

    def values_in(self, raw_path: bytes) -> dict[str, str] | None:
        """What a path has where the dialect's path has a name; None if it does not lead here. A
        value may have a slash in it, percent-encoded as it comes. Bytes that are no UTF-8 are
        surrogates, which no field takes."""
        wanted = self.path.split(b"/")
        found = [unquote_to_bytes(segment) for segment in raw_path.split(b"/")]
        if len(wanted) != len(found):
            return None
        leads_here = compare_digest(wanted[1], found[1])
        values = {}
        for name, value in zip(wanted[2:], found[2:], strict=True):
            if name.startswith(b"{"):
                values[name.strip(b"{}").decode()] = value.decode(errors="surrogateescape")
            else:
                leads_here &= name == value
        return values if leads_here else None


def endpoints_of(
    configs: Mapping[str, EndpointConfig],
    knows_players: Callable[[str], bool] = lambda _: False,
    variable: str = "UNBET_ENDPOINTS",
) -> tuple[Endpoint, ...]:
    """All endpoints of a receiver. A path is to be compared with each, in constant time.
    `knows_players` says it of a provider's wallet. Raises `SettingsError`, which blames `variable`,
    for a key that cannot be read."""
    found = []
    for number, (secret, config) in enumerate(configs.items(), 1):
        dialect = config.configured_dialect()
        try:
            keys = config.read_keys()
        except ValueError as error:
            raise SettingsError(f"{variable}: endpoint {number}: keys: {error}") from None
        path = f"/{secret}{dialect.path}".encode()
        found.append(Endpoint(path, config, dialect, keys, knows_players(config.provider)))
    return tuple(found)


def find_by_secret(endpoints: Sequence[Endpoint], path: str) -> Endpoint | None:
    """The endpoint whose secret is a part of `path`, which does not lead to it."""
    parts, found = path.encode(errors="replace").split(b"/"), None
    for endpoint in endpoints:
        secret = endpoint.path.split(b"/")[1]
        for part in parts:
            if compare_digest(secret, part):
                found = endpoint
    return found


class WrongSecrets:
    """Counts wrong secrets by address, so that guessing is slowed down and logs stay short."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def too_many(self, sender: str) -> bool:
        """Count one more of `sender`; whether that was too many for now."""
        key, now = _limited_as(sender), time.monotonic()
        began, count = self._counts.pop(key, (now, 0))
        if now - began > WINDOW_S:
            began, count = now, 0
        self._counts[key] = began, count + 1
        if len(self._counts) > MAX_REMEMBERED:
            self._counts.popitem(last=False)
        return count >= MAX_WRONG


def sender_of(scope: Scope, trusted: tuple[Network, ...]) -> str:
    """The address that the request comes from: the peer's, or, where the peer is a trusted proxy,
    the last one of `X-Forwarded-For` that is not a trusted proxy's. What stands before it may be
    invented; where it is no address, the sender is `UNKNOWN`: it is not the proxy itself."""
    peer, _ = scope["client"] or (UNKNOWN, None)
    address = plain(peer)
    if not trusted or not is_in(address, trusted):
        return address
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = b",".join(forwarded).decode("latin-1").split(",") if forwarded else []
    for hop in reversed(hops):
        address = plain(_without_port(hop.strip()))
        if _parsed(address) is None:
            return UNKNOWN
        if not is_in(address, trusted):
            break
    return address


def was_forwarded(scope: Scope) -> bool:
    """Whether a proxy says that it hands the request on for somebody else."""
    return any(name in (b"x-forwarded-for", b"forwarded") for name, _ in scope["headers"])


def may_ask(scope: Scope, settings: CallerSettings) -> bool:
    """Only operators' addresses see what a process depends on. A proxy that is not trusted hands
    on requests from anywhere, whatever its own address."""
    sender = sender_of(scope, settings.trusted_proxies)
    peer, _ = scope["client"] or (sender, None)
    if was_forwarded(scope) and not is_in(peer, settings.trusted_proxies):
        return False
    return is_in(sender, settings.ops_allowed_ips)


@lru_cache(maxsize=4096)
def is_in(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether `address` is in one of `networks`; an unknown one is only in a network of all."""
    parsed = _parsed(address)
    if parsed is None:
        return any(network.prefixlen == 0 for network in networks)
    return any(parsed in network for network in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def plain(address: str) -> str:
    """An IPv4 address that is mapped into IPv6 is an IPv4 address."""
    parsed = _parsed(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped) if mapped else address


def _without_port(hop: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711` are seen as well."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _limited_as(sender: str) -> str:
    parsed = _parsed(sender)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed.packed, 64), strict=False))
    return sender
