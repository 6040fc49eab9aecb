"""Who knocks: secrets, addresses behind proxies, and callers that guess."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from unbet.runtime.endpoint_registry import (
    MAX_REMEMBERED,
    MAX_WRONG,
    WINDOW_S,
    WrongSecrets,
    is_in,
    sender_of,
)
from unbet.runtime.endpoints import EndpointConfig

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": peer and (peer, 1234), "headers": headers}


def test_a_secret_that_is_being_replaced_holds_until_its_date() -> None:
    now = datetime.now(UTC)
    endpoint = EndpointConfig(provider="P", until=now)
    assert endpoint.holds_at(now - timedelta(seconds=1))
    assert not endpoint.holds_at(now)
    assert EndpointConfig(provider="P").holds_at(now)


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.9",), "192.0.2.1"),  # nobody's proxy
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("192.0.2.1",), "192.0.2.1"),
        ("10.0.0.1", ("203.0.113.9, 192.0.2.1",), "192.0.2.1"),  # the first one is invented
        ("10.0.0.1", ("203.0.113.9", "192.0.2.1"), "192.0.2.1"),  # two headers are one list
        ("10.0.0.1", ("192.0.2.1, 10.2.3.4",), "192.0.2.1"),  # through two of ours
        ("10.0.0.1", ("10.9.9.9, 10.2.3.4",), "10.9.9.9"),
        ("10.0.0.1", ("192.0.2.1:4711",), "192.0.2.1"),
        ("10.0.0.1", ("192.0.2.1, nonsense",), "unknown"),
        ("10.0.0.1", ("192.0.2.1, nonsense, 10.1.1.1",), "unknown"),
        ("10.0.0.1", ("nonsense, 192.0.2.1",), "192.0.2.1"),
        ("10.0.0.1", ("192.0.2.1,",), "unknown"),
        ("10.0.0.1", ("",), "unknown"),
        ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
        ("fd00::1", ("[2001:db8::7]:4711",), "2001:db8::7"),
        ("::ffff:10.0.0.1", ("::ffff:192.0.2.1",), "192.0.2.1"),
        (None, ("192.0.2.1",), "unknown"),
    ],
)
def test_the_sender_is_the_last_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: tuple[str, ...], sender: str
) -> None:
    assert sender_of(scope(peer, *forwarded), PROXIES) == sender


def test_without_trusted_proxies_only_the_peer_counts() -> None:
    assert sender_of(scope("10.0.0.1", "192.0.2.1"), ()) == "10.0.0.1"


def test_an_address_is_in_a_network_of_its_kind() -> None:
    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    assert is_in("192.0.2.200", networks)
    assert is_in("2001:db8::1", networks)
    assert not is_in("192.0.3.1", networks)
    assert not is_in("2001:db9::1", networks)
    assert not is_in("unknown", networks)
    assert is_in("unknown", (ip_network("0.0.0.0/0"),))


def test_wrong_secrets_are_limited_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("unbet.runtime.endpoint_registry.time.monotonic", lambda: clock[0])
    wrong = WrongSecrets()
    assert not any(wrong.too_many("192.0.2.1") for _ in range(MAX_WRONG))
    assert wrong.too_many("192.0.2.1")
    assert not wrong.too_many("192.0.2.2")
    clock[0] = WINDOW_S + 0.1
    assert not wrong.too_many("192.0.2.1")


def test_an_ipv6_network_is_limited_as_one() -> None:
    wrong = WrongSecrets()
    assert not any(wrong.too_many(f"2001:db8::{n:x}") for n in range(MAX_WRONG))
    assert wrong.too_many("2001:db8::ffff")
    assert not wrong.too_many("2001:db8:0:1::1")


def test_no_number_of_addresses_makes_it_grow_without_bound() -> None:
    wrong = WrongSecrets()
    for number in range(MAX_REMEMBERED + 100):
        wrong.too_many(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(wrong._counts) == MAX_REMEMBERED
